#include "tools/rootkeep/sandbox/child.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/stop_signal.h"

namespace rootkeep::cli {
namespace {

using testing::HasCode;

constexpr std::chrono::seconds kLong(20);

std::string Slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ChildTest : public ::testing::Test {
 protected:
  Result<Child> Shell(const std::string& script) { return Child::Start({"/bin/sh", "-c", script}, log_); }

  testing::TempDir dir_;
  std::string log_ = dir_ / "log";
};

TEST_F(ChildTest, WritesBothStreamsToItsLog) {
  ASSERT_OK_AND_ASSIGN(Child child, Shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(child.WaitEnded(kLong));
  EXPECT_EQ(child.Stop(kLong), 7);
  EXPECT_EQ(Slurp(log_), "out\nerr\n");
}

TEST_F(ChildTest, IsGoneAfterStop) {
  ASSERT_OK_AND_ASSIGN(Child child, Shell("exec sleep 1000"));
  const pid_t pid = child.pid();
  EXPECT_FALSE(child.WaitEnded(std::chrono::milliseconds(0)));
  EXPECT_EQ(child.Stop(kLong), 128 + SIGTERM);
  EXPECT_EQ(kill(pid, 0), -1);
}

// Between fork and exec it has its parent's signal handler still.
TEST_F(ChildTest, HearsAStopThatComesAtOnce) {
  ASSERT_THAT(CatchStopSignals(), testing::IsOk());
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(Child child, Child::Start({"/bin/sleep", "1000"}, log_));
    ASSERT_EQ(child.Stop(std::chrono::seconds(2)), 128 + SIGTERM) << i;
  }
}

TEST_F(ChildTest, IsKilledWhenItDoesNotListen) {
  ASSERT_OK_AND_ASSIGN(Child child, Shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
  while (Slurp(log_).empty()) {
    ASSERT_FALSE(child.WaitEnded(std::chrono::milliseconds(1)));
  }
  EXPECT_EQ(child.Stop(std::chrono::milliseconds(10)), 128 + SIGKILL);
}

TEST_F(ChildTest, GoesWithItsOwner) {
  pid_t pid = 0;
  {
    ASSERT_OK_AND_ASSIGN(const Child child, Shell("exec sleep 1000"));
    pid = child.pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(ChildTest, ReportsAProgramThatIsNotThere) {
  EXPECT_THAT(Child::Start({dir_ / "nothing"}, log_), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep::cli
