#include "signer/store/state_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::store {
namespace {

namespace fs = std::filesystem;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Says;

class StateDirTest : public ::testing::Test {
 protected:
  std::size_t Files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

  testing::TempDir dir_;
  std::string path_ = dir_ / "state";
};

TEST_F(StateDirTest, MakesItForTheOwnerOnly) {
  const mode_t before = umask(0);
  ASSERT_OK_AND_ASSIGN(const StateDir state, StateDir::Open(path_));
  umask(before);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0700));
  EXPECT_EQ(fs::status(path_ + "/version").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(path_ + "/lock").permissions(), fs::perms(0600));
  EXPECT_EQ(state.path(), path_);
  EXPECT_EQ(state.database_path(), path_ + "/rootkeep.db");
}

TEST_F(StateDirTest, OwnsAnEmptyDirectoryAndOneOfItsOwn) {
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms(0700));
  EXPECT_THAT(StateDir::Open(path_), IsOk());
  EXPECT_THAT(StateDir::Open(path_), IsOk());  // the first let go of the lock
}

TEST_F(StateDirTest, RefusesASecondDaemonAndNamesTheFirst) {
  ASSERT_OK_AND_ASSIGN(const StateDir first, StateDir::Open(path_));
  const auto second = StateDir::Open(path_);
  EXPECT_THAT(second, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(second, HasReason("state_locked"));
  EXPECT_THAT(second, Says("process " + std::to_string(getpid())));
}

TEST_F(StateDirTest, TheLockGoesWithTheProcess) {
  ASSERT_THAT(StateDir::Prepare(path_), IsOk());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto state = StateDir::Open(path_);
    _exit(state.ok() ? 0 : 1);  // no destructor runs, as after a crash
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(StateDir::Open(path_), IsOk());
}

TEST_F(StateDirTest, OthersMayLookAndPrepareBesideTheDaemon) {
  ASSERT_OK_AND_ASSIGN(const StateDir daemon, StateDir::Open(path_));
  const std::size_t files = Files();
  EXPECT_THAT(StateDir::Look(path_), IsOk());
  EXPECT_THAT(StateDir::Prepare(path_), IsOk());
  EXPECT_EQ(Files(), files);
}

TEST_F(StateDirTest, LookingMakesNothing) {
  EXPECT_THAT(StateDir::Look(path_), HasCode(Code::kNotFound));
  EXPECT_FALSE(fs::exists(path_));
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms(0700));
  EXPECT_THAT(StateDir::Look(path_), HasCode(Code::kNotFound));
  EXPECT_EQ(Files(), 0U);
}

TEST_F(StateDirTest, RefusesEveryOtherMode) {
  ASSERT_THAT(StateDir::Prepare(path_), IsOk());
  for (const unsigned mode : {0710U, 0701U, 0750U, 0755U, 0770U, 02700U}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(StateDir::Open(path_), HasReason("state_mode")) << std::oct << mode;
    EXPECT_THAT(StateDir::Look(path_), HasReason("state_mode")) << std::oct << mode;
  }
}

TEST_F(StateDirTest, RefusesAFileInItsPlace) {
  std::ofstream(path_).flush();
  fs::permissions(path_, fs::perms(0700));
  EXPECT_THAT(StateDir::Open(path_), HasReason("state_mode"));
}

TEST_F(StateDirTest, RefusesANewerOrUnreadableVersion) {
  ASSERT_THAT(StateDir::Prepare(path_), IsOk());
  std::ofstream(path_ + "/version") << "2\n";
  EXPECT_THAT(StateDir::Open(path_), HasReason("state_newer"));
  EXPECT_THAT(StateDir::Look(path_), HasReason("state_newer"));
  for (const char* text : {"", "0", "-1", "1x", "one", "99999999999999999999"}) {
    std::ofstream(path_ + "/version") << text;
    EXPECT_THAT(StateDir::Open(path_), HasReason("state_version")) << text;
  }
}

TEST_F(StateDirTest, RefusesADirectoryOfSomethingElse) {
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms(0700));
  std::ofstream(path_ + "/letters.txt") << "dear";
  EXPECT_THAT(StateDir::Open(path_), HasReason("state_foreign"));
  EXPECT_EQ(Files(), 1U);
}

}  // namespace
}  // namespace rootkeep::store
