#include "tools/process/command.h"

#include <unistd.h>

#include <csignal>
#include <thread>

#include "keystore/base/file.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;
using testing::HasCode;
using testing::IsOk;
using testing::Says;

TEST(Command, RunsWithoutAShellAndWithNothingInItsEnvironment) {
  const testing::TempDir directory;
  ASSERT_EQ(setenv("ROOTKEEP_TEST_SECRET", "x", 1), 0);
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", "env > \"$0\"", directory / "a file; rm"}, seconds(30), {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string environment, ReadFile(directory / "a file; rm", 4096));
  EXPECT_THAT(environment, ::testing::HasSubstr("PATH="));
  EXPECT_THAT(environment, ::testing::Not(::testing::HasSubstr("ROOTKEEP_TEST_SECRET")));
}

// Libraries open descriptors that are not closed on exec: libtss2 its connections to a TPM, modules theirs to a device.
TEST(Command, HasNoDescriptorOfThisProcessButItsOutput) {
  const Fd open(dup(STDOUT_FILENO));
  const std::string script = "test ! -e /proc/self/fd/" + std::to_string(open.get());
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", script}, seconds(30), {}), IsOk());
}

TEST(Command, SaysHowItEnded) {
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", "exit 3"}, seconds(30), {}), Says("status 3"));
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", "kill -9 $$"}, seconds(30), {}), Says("signal 9"));
  EXPECT_THAT(RunCommand({"/no/such/program"}, seconds(30), {}), HasCode(Code::kNotFound));
}

TEST(Command, IsEndedWithAllThatItStartedWhenItTakesTooLong) {
  const testing::TempDir directory;
  const std::string script = "sleep 600 & echo $! > \"$0\"; wait";
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", script, directory / "pid"}, seconds(1), {}),
              HasCode(Code::kDeadlineExceeded));
  ASSERT_OK_AND_ASSIGN(const std::string pid, ReadFile(directory / "pid", 64));
  // What is left of it is nobody's child, or a zombie of init's.
  EXPECT_TRUE(Eventually([&pid] {
    const auto stat = ReadFile("/proc/" + pid.substr(0, pid.find('\n')) + "/stat", 4096);
    return !stat.ok() || stat->find(") Z ") != std::string::npos;
  }));
}

TEST(Command, IsEndedWhenTheProgramStops) {
  std::stop_source stop;
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  EXPECT_THAT(RunCommand({"/bin/sleep", "600"}, seconds(600), stop.get_token()), HasCode(Code::kCancelled));
}

TEST(Command, GetsSignalsThatThisProcessBlocks) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  EXPECT_THAT(RunCommand({"/bin/sh", "-c", "kill -TERM $$; exit 0"}, seconds(30), {}), Says("signal 15"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace rootkeep
