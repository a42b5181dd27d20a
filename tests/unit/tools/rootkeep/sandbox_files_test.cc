// What a sandbox writes and reads without a token or a daemon.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/dev_environment.h"
#include "tools/rootkeep/sandbox/daemon_log.h"
#include "tools/rootkeep/sandbox/private_directory.h"

namespace rootkeep::cli {
namespace {

using ::testing::Contains;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::SizeIs;

TEST(PrivateDirectoryTest, ATemporaryOneGoesWithItsObject) {
  std::string path;
  {
    ASSERT_OK_AND_ASSIGN(const PrivateDirectory directory, PrivateDirectory::Temporary("rootkeep-test-"));
    path = directory.path();
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700U);
    std::ofstream(path + "/file") << "content";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PrivateDirectoryTest, AKeptOneStaysAndIsNobodyElses) {
  const testing::TempDir dir;
  const std::string path = dir / "kept";
  ASSERT_THAT(PrivateDirectory::Kept(path), IsOk());
  ASSERT_THAT(PrivateDirectory::Kept(path), IsOk());
  ASSERT_EQ(chmod(path.c_str(), 0750), 0);
  EXPECT_THAT(PrivateDirectory::Kept(path), HasCode(Code::kFailedPrecondition));
  std::ofstream(dir / "file") << "x";
  EXPECT_THAT(PrivateDirectory::Kept(dir / "file"), HasCode(Code::kFailedPrecondition));
}

TEST(PrivateDirectoryTest, AKeptOneIsOneObjectsAlone) {
  const testing::TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(const PrivateDirectory first, PrivateDirectory::Kept(dir / "kept"));
    const auto second = PrivateDirectory::Kept(dir / "kept");
    ASSERT_THAT(second, HasCode(Code::kFailedPrecondition));
    EXPECT_THAT(second.error().message(), HasSubstr("in use by process " + std::to_string(getpid())));
  }
  EXPECT_THAT(PrivateDirectory::Kept(dir / "kept"), IsOk());
}

TEST(DaemonLogTest, GivesWholeLinesFromWhereItBegan) {
  const testing::TempDir dir;
  const std::string path = dir / "log";
  std::ofstream file(path);
  file << R"({"event":"old"})" << "\n" << std::flush;
  DaemonLog log(path);
  file << R"({"event":"listening","port":7,"address":"a:7"})" << "\nnot json\n" << R"({"event":"half)" << std::flush;
  ASSERT_OK_AND_ASSIGN(const auto lines, log.Next());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].event, "listening");
  EXPECT_EQ(lines[0].Field("address"), "a:7");
  EXPECT_EQ(lines[0].Field("port"), "7");
  EXPECT_EQ(lines[0].Field("nothing"), "");
  EXPECT_EQ(lines[1].event, "");
  EXPECT_EQ(lines[1].text, "not json");
  file << R"( way"})" << "\n" << std::flush;
  ASSERT_OK_AND_ASSIGN(const auto more, log.Next());
  ASSERT_THAT(more, SizeIs(1));
  EXPECT_EQ(more[0].event, "half way");
}

TEST(DaemonLogTest, AFileThatIsNotThereYetBeginsAtItsBeginning) {
  const testing::TempDir dir;
  DaemonLog log(dir / "log");
  EXPECT_THAT(log.Next(), HasCode(Code::kNotFound));
  std::ofstream(dir / "log") << "first\n";
  ASSERT_OK_AND_ASSIGN(const auto lines, log.Next());
  EXPECT_THAT(lines, SizeIs(1));
}

TEST(DevEnvironmentTest, NamesTheFilesThatClientsRead) {
  const auto lines = DevEnvironment(SandboxFiles("/home/a b"), {.program = "/opt/a b/rootkeep",
                                                                .port = "4711",
                                                                .operations = "127.0.0.1:4712",
                                                                .spire_plugin = "/opt/a b/plugin"});
  EXPECT_THAT(lines, Contains(HasSubstr("socket = \"/home/a b/spire.sock\"")));
  EXPECT_THAT(lines, Contains("export CA_ADDRESS=https://127.0.0.1:4711"));
  EXPECT_THAT(lines, Contains("export CA_ADDR=localhost:4711"));
  EXPECT_THAT(lines, Contains("export AUTH_TOKEN='/home/a b/var/run/secrets/tokens/istio-token'"));
  EXPECT_THAT(lines, Contains("curl -s http://127.0.0.1:4712/readyz http://127.0.0.1:4712/metrics"));
  EXPECT_THAT(lines, Contains("cd '/home/a b'"));
  EXPECT_THAT(lines, Contains(HasSubstr("'/opt/a b/rootkeep' request --address localhost:4711")));
}

TEST(DevEnvironmentTest, QuotesForAShell) {
  EXPECT_EQ(ShellWord("/plain/path-1.2"), "/plain/path-1.2");
  EXPECT_EQ(ShellWord("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellWord("~"), "'~'");
  EXPECT_EQ(ShellWord(""), "");
}

}  // namespace
}  // namespace rootkeep::cli
