#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "keystore/base/file.h"
#include "tests/e2e/dev_process.h"
#include "tests/support/program.h"
#include "tools/rootkeep/sandbox/running_daemon.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

std::string Read(const std::string& path) {
  auto content = ReadFile(path, std::size_t{1} << 20);
  EXPECT_THAT(content, IsOk());
  return content.ok() ? *content : "";
}

bool Alive(pid_t pid) { return kill(pid, 0) == 0; }

// As somebody pastes it who has nothing set up for Rootkeep; what a sanitizer is told stays.
ProgramResult InPlainShell(const std::string& script) {
  std::vector<std::string> words{"/usr/bin/env", "-i", "-C", "/", "PATH=/usr/bin:/bin", "no_proxy=*"};
  if (const char* options = std::getenv("LSAN_OPTIONS")) words.push_back("LSAN_OPTIONS=" + std::string(options));
  words.insert(words.end(), {"sh", "-euc", script});
  return RunProgram(words);
}

bool HasTool(const std::string& name) { return InPlainShell("command -v " + name).exit_code == 0; }

TEST(CliDevTest, EveryPrintedLineWorksAsItStands) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  std::string script;
  // It says what it was given where it is not installed: then the words are what can be looked at.
  if (!HasTool("grpcurl")) script = "grpcurl() { printf '%s\\n' \"$@\"; test -s \"$4\"; }\n";
  std::istringstream output(dev.Output());
  for (std::string line; std::getline(output, line);) script += line + "\n";
  const ProgramResult result = InPlainShell(script);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("spiffe://cluster.local/ns/demo/sa/web"));
  EXPECT_THAT(result.out, HasSubstr("rootkeep_"));
  if (!HasTool("grpcurl")) {
    EXPECT_THAT(result.out, HasSubstr("{\"csr\": \"-----BEGIN CERTIFICATE REQUEST-----\\n"));
  }
  // The request that openssl made is one that the CA signs.
  const std::string csr = dev.Line("cd ").substr(3) + "/certs/web.csr";
  const ProgramResult signed_csr = InPlainShell(dev.Line("\\S*rootkeep request .*--san") + " --csr " + csr);
  EXPECT_EQ(signed_csr.exit_code, 0) << signed_csr.err;
}

TEST(CliDevTest, ThePrintedRequestWorksAsItStands) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const std::string line = dev.Line("\\S*rootkeep request");
  const TempDir out;
  const ProgramResult result = InPlainShell(line + " --out " + (out / "c"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("spiffe://cluster.local/ns/demo/sa/web"));
  const ProgramResult verified = RunProgram({"openssl", "verify", "-x509_strict", "-CAfile", out / "c/root-cert.pem",
                                             "-untrusted", out / "c/cert-chain.pem", out / "c/cert-chain.pem"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  struct stat info{};
  ASSERT_EQ(stat((out / "c/key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST(CliDevTest, TheFilesAreWhereIstiosClientsLook) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const std::string token = Read(dev.Exported("AUTH_TOKEN"));
  EXPECT_THAT(token, Not(HasSubstr("\n")));
  EXPECT_EQ(dev.Exported("AUTH_TOKEN"), dev.Line("cd ").substr(3) + "/var/run/secrets/tokens/istio-token");
  EXPECT_THAT(Read(dev.Exported("CA_ROOT_CA")), HasSubstr("BEGIN CERTIFICATE"));
  struct stat info{};
  ASSERT_EQ(stat(dev.Exported("AUTH_TOKEN").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

// Without xDS it asks for nobody it was not told of.
TEST(CliDevTest, ZtunnelIsToldOfThePodItAsksFor) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const ProgramResult local = InPlainShell(dev.Line("export LOCAL_XDS=") + "\nprintf %s \"$LOCAL_XDS\"");
  ASSERT_EQ(local.exit_code, 0) << local.err;
  const auto workloads = nlohmann::json::parse(local.out).at("workloads");
  ASSERT_EQ(workloads.size(), 1U);
  const auto text = [&](const char* key) { return workloads[0].at(key).get<std::string>(); };
  EXPECT_EQ(text("namespace") + "/" + text("name") + "/" + text("serviceAccount"), dev.Exported("PROXY_WORKLOAD_INFO"));
  EXPECT_EQ(text("protocol"), "HBONE") << "it has certificates for nothing else";
  const std::string identity =
      "spiffe://" + text("trustDomain") + "/ns/" + text("namespace") + "/sa/" + text("serviceAccount");
  EXPECT_THAT(dev.Line("# export AUTH_TOKEN="), HasSubstr(" NODE_NAME=" + text("node")));
  EXPECT_THAT(Read(dev.Line("cd ").substr(3) + "/placements"),
              HasSubstr(dev.Exported("CLUSTER_ID") + " " + text("node") + " " + identity + "\n"));
}

TEST(CliDevTest, SaysWhatItIsAndNotThePin) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const std::string output = dev.Output();
  EXPECT_THAT(output, HasSubstr("claimed by token (software, for tests)"));
  EXPECT_THAT(output, HasSubstr("test token issuer"));
  EXPECT_THAT(output, Not(HasSubstr("proved")));
  const std::string directory = dev.Line("cd ").substr(3);
  const std::string pin = Read(directory + "/pin");
  EXPECT_GE(pin.size(), 8U);
  EXPECT_THAT(output, Not(HasSubstr(pin)));
  EXPECT_THAT(Read(directory + "/rootkeepd.log"), Not(HasSubstr(pin)));
}

TEST(CliDevTest, CtrlCLeavesNothingBehind) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const pid_t daemon = dev.DaemonPid();
  EXPECT_TRUE(Alive(daemon));
  EXPECT_FALSE(fs::is_empty(dev.temporary_root()));
  EXPECT_EQ(dev.Interrupt(), 0);
  EXPECT_FALSE(Alive(daemon));
  EXPECT_TRUE(fs::is_empty(dev.temporary_root()));
}

TEST(CliDevTest, KilledOutrightItTakesItsDaemonAlong) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  const pid_t daemon = dev.DaemonPid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // the orphan becomes ours, so that its end can be waited for
  kill(dev.child().pid(), SIGKILL);
  (void)dev.Ended();
  int status = 0;
  EXPECT_EQ(waitpid(daemon, &status, 0), daemon);
}

TEST(CliDevTest, WithStateTheSameKeysAndCaComeBack) {
  const TempDir dir;
  const std::string state = dir / "state";
  const auto keys = [&state] {
    return RunProgram({ROOTKEEP_BINARY, "key", "list", "--json", "--config", state + "/rootkeepd.yaml"}).out;
  };
  DevProcess first({"--state", state});
  ASSERT_TRUE(first.ok()) << first.Output();
  const std::string root = Read(first.Exported("CA_ROOT_CA"));
  const std::string token = Read(first.Exported("AUTH_TOKEN"));
  EXPECT_EQ(first.Interrupt(), 0);
  const std::string keys_before = keys();

  DevProcess second({"--state", state});
  ASSERT_TRUE(second.ok()) << second.Output();
  EXPECT_THAT(second.Output(), HasSubstr("found the CA"));
  EXPECT_EQ(Read(second.Exported("CA_ROOT_CA")), root);
  EXPECT_EQ(keys(), keys_before);
  // A token of the first run is still good: the issuer kept its key.
  ASSERT_THAT(WriteFileAtomically(dir / "token", token, 0600), IsOk());
  const ProgramResult result = RunProgram({ROOTKEEP_BINARY, "request", "--address", second.Exported("CA_ADDR"),
                                           "--root", second.Exported("CA_ROOT_CA"), "--token-file", dir / "token"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(second.Interrupt(), 0);
}

// What a state directory holds, by name.
std::map<std::string, std::string> FilesIn(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    // The daemon's own may change at any time.
    const std::string path = entry.path();
    const bool own = path.starts_with(directory + "/state/") || path.starts_with(directory + "/tokens/");
    if (entry.is_regular_file() && !own) files[path] = Read(path);
  }
  return files;
}

TEST(CliDevTest, ASecondOneOnTheSameStateIsRefused) {
  const TempDir dir;
  const std::string state = dir / "state";
  DevProcess first({"--state", state});
  ASSERT_TRUE(first.ok()) << first.Output();
  const auto before = FilesIn(state);
  ASSERT_TRUE(before.contains(state + "/rootkeepd.yaml"));
  DevProcess second({"--state", state, "--port", "5555"});
  EXPECT_FALSE(second.ok());
  EXPECT_EQ(second.Ended(), 1);
  EXPECT_THAT(second.Output(), HasSubstr(state + " is in use by process " + std::to_string(first.child().pid())));
  EXPECT_THAT(second.Output(), HasSubstr("hint: stop that one first"));
  std::vector<std::string> changed;
  for (const auto& [path, content] : FilesIn(state)) {
    const auto was = before.find(path);
    if (was == before.end() || was->second != content) changed.push_back(path);
  }
  EXPECT_THAT(changed, IsEmpty());
  EXPECT_EQ(first.Interrupt(), 0);
}

TEST(CliDevTest, ADaemonStartedByHandOnTheSameStateIsLeftAlone) {
  const TempDir dir;
  const std::string state = dir / "state";
  DevProcess first({"--state", state});
  ASSERT_TRUE(first.ok()) << first.Output();
  EXPECT_EQ(first.Interrupt(), 0);
  const std::string config = state + "/rootkeepd.yaml";
  const std::string before = Read(config);
  auto daemon = cli::RunningDaemon::Start(ROOTKEEPD_BINARY, config, dir / "log", After(DevProcess::kPatience));
  ASSERT_THAT(daemon, IsOk());
  DevProcess second({"--state", state, "--port", "5555"});
  EXPECT_EQ(second.Ended(), 1);
  EXPECT_THAT(second.Output(), HasSubstr("in use by process " + std::to_string((*daemon)->child().pid())));
  EXPECT_EQ(Read(config), before);
}

TEST(CliDevTest, AStateThatNamesNothingIsRefused) {
  DevProcess dev({"--state", ""});
  EXPECT_FALSE(dev.ok());
  EXPECT_EQ(dev.Ended(), 2);
  EXPECT_THAT(dev.Output(), HasSubstr("--state"));
  EXPECT_TRUE(fs::is_empty(dev.temporary_root()));
}

TEST(CliDevTest, AStateBelowNothingIsRefusedWithAHint) {
  const TempDir dir;
  DevProcess dev({"--state", dir / "a/b"});
  EXPECT_FALSE(dev.ok());
  EXPECT_EQ(dev.Ended(), 1);
  EXPECT_THAT(dev.Output(), HasSubstr("hint: the directory above it is missing"));
}

TEST(CliDevTest, ADaemonThatEndsByItselfEndsIt) {
  DevProcess dev;
  ASSERT_TRUE(dev.ok()) << dev.Output();
  kill(dev.DaemonPid(), SIGKILL);
  EXPECT_EQ(dev.Ended(), 1);
  EXPECT_THAT(dev.Output(), HasSubstr("rootkeep: rootkeepd ended by itself"));
  EXPECT_TRUE(fs::is_empty(dev.temporary_root()));
}

TEST(CliDevTest, AStateThatOthersCanEnterIsRefused) {
  const TempDir dir;
  ASSERT_THAT(MakeDirectory(dir / "state", 0755), IsOk());
  ASSERT_EQ(chmod((dir / "state").c_str(), 0755), 0);
  DevProcess dev({"--state", dir / "state"});
  EXPECT_FALSE(dev.ok());
  EXPECT_EQ(dev.Ended(), 1);
  EXPECT_THAT(dev.Output(), HasSubstr("hint: chmod 700"));
}

}  // namespace
}  // namespace rootkeep::testing
