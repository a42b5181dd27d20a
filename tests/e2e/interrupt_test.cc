// Ctrl-C at any moment of `rootkeep dev` and of the demo: no process and no directory stays behind.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "keystore/base/clock.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{60};

std::string TextOf(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Runs `argv` with an empty directory for its temporary files until it has printed `moment` or, when `moment` is a file
// name, until there is such a file in its private directory; then presses Ctrl-C. What it said.
std::string InterruptAt(const std::vector<std::string>& argv, const std::string& moment) {
  const TempDir temporary;
  const TempDir elsewhere;
  const std::string log = elsewhere / "log";
  // Whom the program would leave behind becomes ours.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<std::string> words{"/usr/bin/env", "-u", "XDG_RUNTIME_DIR", "TMPDIR=" + temporary.path()};
  words.insert(words.end(), argv.begin(), argv.end());
  auto child = cli::Child::Start(words, log);
  EXPECT_THAT(child, IsOk());
  const auto reached = [&] {
    if (child->WaitEnded(std::chrono::milliseconds(0)) || TextOf(log).find(moment) != std::string::npos) return true;
    std::error_code gone;
    return std::ranges::any_of(fs::directory_iterator(temporary.path(), gone),
                               [&](const auto& entry) { return fs::exists(entry.path() / moment, gone); });
  };
  EXPECT_TRUE(Eventually(reached, kPatience));
  EXPECT_FALSE(child->WaitEnded(std::chrono::milliseconds(0))) << "the moment did not come: " << TextOf(log);
  // As a terminal does, to the whole foreground process group; Child has made it one.
  EXPECT_EQ(kill(-child->pid(), SIGINT), 0);
  EXPECT_TRUE(child->WaitEnded(kPatience));
  const int code = child->Stop(kPatience);
  EXPECT_LE(code, 1) << "ended by a signal";
  // Orphans are this process's; those that ended with their parent are there until they are waited for.
  EXPECT_TRUE(Eventually([] { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }, kPatience))
      << "a process was left behind";
  EXPECT_TRUE(fs::is_empty(temporary.path())) << moment;
  return TextOf(log);
}

class Interrupt : public ::testing::TestWithParam<const char*> {};

class InterruptDev : public Interrupt {};
TEST_P(InterruptDev, LeavesNothingBehind) {
  const std::string said = InterruptAt({ROOTKEEP_BINARY, "dev", "--daemon", ROOTKEEPD_BINARY}, GetParam());
  EXPECT_EQ(said.find("rootkeep: "), std::string::npos) << "an interrupt is no failure: " << said;
}
// In the order in which they come: the PIN is written before the token is made, the daemon's log when it is started.
INSTANTIATE_TEST_SUITE_P(Moments, InterruptDev,
                         ::testing::Values("pin", "made the SoftHSM token", "root key", "issuing key", "rootkeepd.log",
                                           "rootkeepd serves"));

class InterruptDemo : public Interrupt {};
TEST_P(InterruptDemo, LeavesNothingBehind) {
  const std::string said = InterruptAt({DEMO_BINARY}, GetParam());
  EXPECT_EQ(said.find("The end"), std::string::npos) << "it went on: " << said;
}
INSTANTIATE_TEST_SUITE_P(Moments, InterruptDemo,
                         ::testing::Values("everything happens in", "root key", "rootkeepd.log", "rootkeepd serves",
                                           "asking as istio-agent does", "Three refusals", "One accident",
                                           "the token is taken away"));

}  // namespace
}  // namespace rootkeep::testing
