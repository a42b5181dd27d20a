// A plugin's process from outside: what go-plugin's host and SPIRE need of it (spire.md §1, §6).
#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "proto/grpc/health.grpc.pb.h"
#include "proto/spire/agent_keymanager.grpc.pb.h"
#include "proto/spire/config.grpc.pb.h"
#include "proto/spire/go_plugin/broker.grpc.pb.h"
#include "proto/spire/go_plugin/stdio.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/program.h"
#include "tests/support/spire_host.h"

namespace rootkeep::testing {
namespace {

using ::spire::plugin::agent::keymanager::v1::KeyManager;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr std::chrono::milliseconds kHostsPatience{2000};

// Of both kinds: served by gRPC's server, and by ours.
class PluginProcess : public ::testing::TestWithParam<const char*> {
 protected:
  grpc::Status GetPublicKey(const std::string& id) {
    PluginCall call;
    ::spire::plugin::agent::keymanager::v1::GetPublicKeyRequest request;
    request.set_key_id(id);
    ::spire::plugin::agent::keymanager::v1::GetPublicKeyResponse response;
    grpc::Status status = KeyManager::NewStub(host.channel())->GetPublicKey(&call, request, &response);
    answered_id = response.public_key().id();
    return status;
  }

  SpireHost host{GetParam(), "KeyManager"};
  std::string answered_id;
};

INSTANTIATE_TEST_SUITE_P(Hosts, PluginProcess,
                         ::testing::Values(ROOTKEEP_SPIRE_TEST_PLUGIN, ROOTKEEP_SPIRE_TEST_UNARY_PLUGIN),
                         [](const auto& instance) { return instance.index == 0 ? "Grpc" : "Unary"; });

TEST(PluginStart, WithoutACookieItSaysWhatItIsAndEnds) {
  for (const char* cookie : {"", "KeyManager=x "}) {
    const auto result = RunProgram({"sh", "-c", std::string(cookie) + ROOTKEEP_SPIRE_TEST_PLUGIN});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("SPIRE plugin of type KeyManager"));
  }
}

TEST(PluginStart, SaysWhyItCannotListen) {
  const std::string start = std::string(" KeyManager=KeyManager ") + ROOTKEEP_SPIRE_TEST_PLUGIN;
  const auto absent = RunProgram({"sh", "-c", "PLUGIN_UNIX_SOCKET_DIR=/nonexistent" + start});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_EQ(absent.out, "");
  EXPECT_THAT(absent.err, HasSubstr("ENOENT"));
  const TempDir directory;
  const std::string deep = directory / std::string(100, 'x');
  std::filesystem::create_directory(deep);
  EXPECT_THAT(RunProgram({"sh", "-c", "TMPDIR=" + deep + start}).err, HasSubstr("octets of a socket's path"));
}

#ifndef ROOTKEEP_SANITIZED  // whose checks need descriptors themselves
TEST(PluginStart, MakesOneDirectoryThoughItCannotLockIt) {
  const TempDir directory;
  const auto result = RunProgram({"sh", "-c",
                                  "exec 3>&-; ulimit -n 4; TMPDIR=" + directory.path() +
                                      " KeyManager=KeyManager exec " + ROOTKEEP_SPIRE_TEST_PLUGIN});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("spire.socket_not_locked"));
  EXPECT_THAT(result.err, HasSubstr("EMFILE"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}
#endif

TEST(PluginStart, EndsWithTheProcessThatStartedIt) {
  const TempDir directory;
  const std::string out = directory / "out";
  const auto parent = RunProgram({"sh", "-c",
                                  std::string("KeyManager=KeyManager ") + ROOTKEEP_SPIRE_TEST_PLUGIN + " > " + out +
                                      " & while ! grep -q grpc " + out + "; do :; done"});
  ASSERT_EQ(parent.exit_code, 0);
  std::string line;
  std::getline(std::ifstream(out), line);
  const std::string path = line.substr(line.find('/'), line.rfind("|grpc") - line.find('/'));
  EXPECT_TRUE(Eventually([&] { return !std::filesystem::exists(std::filesystem::path(path).parent_path()); }));
}

TEST_P(PluginProcess, AnnouncesAPrivateSocket) {
  EXPECT_THAT(host.handshake(), MatchesRegex("1\\|1\\|unix\\|/.*/plugin.sock\\|grpc\\|"));
  struct stat info{};
  ASSERT_EQ(stat(std::filesystem::path(host.socket_path()).parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  EXPECT_EQ(info.st_uid, geteuid());
}

TEST_P(PluginProcess, IsHealthy) {
  const auto stub = grpc::health::v1::Health::NewStub(host.channel());
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  request.set_service("plugin");
  PluginCall known;
  ASSERT_TRUE(stub->Check(&known, request, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  request.set_service("other");
  PluginCall unknown;
  EXPECT_EQ(stub->Check(&unknown, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_P(PluginProcess, KeepsTheBrokersStreamWhateverIsAnnounced) {
  PluginCall call;
  const auto stream = ::plugin::GRPCBroker::NewStub(host.channel())->StartStream(&call);
  ::plugin::ConnInfo announced;
  for (const unsigned id : {1U, 1U, 77U}) {
    announced.set_service_id(id);
    announced.set_network("unix");
    announced.set_address("/nonexistent\n/socket");
    ASSERT_TRUE(stream->Write(announced));
  }
  EXPECT_THAT(host.Init(),
              ElementsAre("spire.plugin.agent.keymanager.v1.KeyManager", "spire.service.common.config.v1.Config"));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(PluginProcess, SaysTwiceWhatItServes) {
  EXPECT_EQ(host.Init().size(), 2U);
  EXPECT_EQ(host.Init().size(), 2U);
}

TEST_P(PluginProcess, SendsNothingOnTheStdioStream) {
  PluginCall call;
  const auto stream = ::plugin::GRPCStdio::NewStub(host.channel())->StreamStdio(&call, {});
  EXPECT_EQ(host.Init().size(), 2U);
  call.TryCancel();
  ::plugin::StdioData data;
  EXPECT_FALSE(stream->Read(&data));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_P(PluginProcess, RefusesAConfigurationWithSpiresWords) {
  EXPECT_EQ(host.Configure("mode = \"x\"").error_code(), grpc::StatusCode::OK);
  EXPECT_EQ(host.Configure("", "").error_message(), "server core configuration must contain trust_domain");
  EXPECT_THAT(host.Configure("", "Upper.example").error_message(), HasSubstr("trust_domain is malformed"));
  const grpc::Status malformed = host.Configure("mode = ");
  EXPECT_EQ(malformed.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(malformed.error_message(), "plugin configuration is malformed: line 1, column 8: a value is expected here");
  EXPECT_EQ(host.Configure("mood = \"x\"").error_message(),
            "plugin configuration: line 1, column 1: unknown key \"mood\"; known are mode");
  const grpc::Status away = host.Configure("mode = \"away\"");
  EXPECT_EQ(away.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(away.error_message(), HasSubstr("is it started?"));
  EXPECT_TRUE(GetPublicKey("").ok());
  EXPECT_EQ(answered_id, "example.org");  // of the last one that was taken
}

TEST_P(PluginProcess, RefusesAConfigurationWithoutACore) {
  PluginCall call;
  ::spire::service::common::config::v1::ConfigureResponse response;
  const grpc::Status status =
      ::spire::service::common::config::v1::Config::NewStub(host.channel())->Configure(&call, {}, &response);
  EXPECT_EQ(status.error_message(), "server core configuration is required");
}

TEST_P(PluginProcess, ValidatesWithoutUsing) {
  EXPECT_TRUE(host.Validate("mode = \"x\"", "other.example").valid());
  EXPECT_TRUE(GetPublicKey("").ok());
  EXPECT_EQ(answered_id, "");
  const auto judged = host.Validate("mood = 1");
  EXPECT_FALSE(judged.valid());
  ASSERT_EQ(judged.notes_size(), 1);
  EXPECT_THAT(judged.notes(0), HasSubstr("unknown key"));
}

TEST_P(PluginProcess, SurvivesWhateverIsThrown) {
  for (const std::string how : {"exception", "bad_alloc", "other"}) {
    const std::string settings = "mode = \"" + how + "\"";
    EXPECT_EQ(host.Configure(settings).error_code(), grpc::StatusCode::INTERNAL) << how;
    EXPECT_FALSE(host.Validate(settings).valid()) << how;
    EXPECT_EQ(GetPublicKey(how).error_code(), grpc::StatusCode::INTERNAL) << how;
  }
  ASSERT_TRUE(host.Configure("mode = \"deinit\"").ok());
  EXPECT_EQ(host.Deinit().error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_TRUE(GetPublicKey("").ok());
  EXPECT_TRUE(host.Shutdown().ok());
  EXPECT_EQ(host.WaitForEnd().status, 0);
}

TEST_P(PluginProcess, DoesNotKnowWhatIsNotServed) {
  for (const char* method : {"/spire.plugin.agent.keymanager.v1.KeyManager/SignData",
                             "/spire.plugin.agent.keymanager.v2.KeyManager/Future", "/x/y"}) {
    PluginCall call;
    const grpc::internal::RpcMethod called(method, grpc::internal::RpcMethod::NORMAL_RPC);
    ::plugin::ConnInfo any;
    EXPECT_EQ(grpc::internal::BlockingUnaryCall(host.channel().get(), called, &call, any, &any).error_code(),
              grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
}

TEST_P(PluginProcess, LogsWhatTheHostReads) {
  EXPECT_EQ(GetPublicKey("exception").error_code(), grpc::StatusCode::INTERNAL);
  std::istringstream log(host.Log());
  std::string line;
  int lines = 0;
  while (std::getline(log, line)) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(entry.is_object()) << line;
    for (const auto& [key, value] : entry.items()) EXPECT_TRUE(value.is_string()) << line;
    EXPECT_THAT(entry["@timestamp"].get<std::string>(),
                MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z"));
    EXPECT_THAT(entry["@level"].get<std::string>(), MatchesRegex("debug|info|warn|error"));
    EXPECT_TRUE(entry.contains("@message"));
    ++lines;
  }
  EXPECT_GE(lines, 1);
}

TEST_P(PluginProcess, KeepsStandardOutputForTheHandshake) {
  ASSERT_TRUE(host.Configure("mode = \"print\"").ok());
  ASSERT_TRUE(host.Shutdown().ok());
  EXPECT_EQ(host.WaitForEnd().status, 0);
  EXPECT_EQ(host.LaterOutput(), "");
  EXPECT_THAT(host.Log(), HasSubstr("printed by a library"));
}

TEST_P(PluginProcess, EndsOnlyWhenTheHostSays) {
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO}) {
    kill(host.pid(), number);
  }
  EXPECT_EQ(host.Init().size(), 2U);
  EXPECT_TRUE(host.Deinit().ok());
  EXPECT_TRUE(host.Shutdown().ok());
  const SpireHost::End end = host.WaitForEnd();
  EXPECT_EQ(end.status, 0);
  EXPECT_LT(end.after, kHostsPatience);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(host.socket_path()).parent_path()));
}

TEST(UnaryPluginProcess, IsHealthyAndEndsWhenAllThreadsHang) {
  constexpr int kMoreThanFit = 520;
  SpireHost host(ROOTKEEP_SPIRE_TEST_UNARY_PLUGIN, "KeyManager");
  const auto stub = KeyManager::NewStub(host.channel());
  ::spire::plugin::agent::keymanager::v1::GetPublicKeyRequest request;
  request.set_key_id("hang");
  struct Asked {
    PluginCall call;
    ::spire::plugin::agent::keymanager::v1::GetPublicKeyResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<::spire::plugin::agent::keymanager::v1::GetPublicKeyResponse>> end;
  };
  grpc::CompletionQueue ended;
  std::vector<Asked> calls(kMoreThanFit);
  for (Asked& asked : calls) {
    asked.end = stub->AsyncGetPublicKey(&asked.call, request, &ended);
    asked.end->Finish(&asked.response, &asked.status, &asked);
  }
  void* refused = nullptr;
  bool ok = false;
  ASSERT_TRUE(ended.Next(&refused, &ok));
  EXPECT_EQ(static_cast<Asked*>(refused)->status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);

  grpc::health::v1::HealthCheckRequest of_plugin;
  of_plugin.set_service("plugin");
  grpc::health::v1::HealthCheckResponse health;
  PluginCall check;
  EXPECT_TRUE(grpc::health::v1::Health::NewStub(host.channel())->Check(&check, of_plugin, &health).ok());
  EXPECT_TRUE(host.Shutdown().ok());
  EXPECT_EQ(host.WaitForEnd().status, 0);
  for (int i = 1; i < kMoreThanFit; ++i) EXPECT_TRUE(ended.Next(&refused, &ok));
}

TEST_P(PluginProcess, EndsInTimeWhenACallHangs) {
  const std::jthread caller([this] { EXPECT_FALSE(GetPublicKey("hang").ok()); });
  ASSERT_TRUE(Eventually([this] { return host.Log().find("test.hangs") != std::string::npos; }));
  EXPECT_TRUE(host.Shutdown().ok());
  const SpireHost::End end = host.WaitForEnd();
  EXPECT_EQ(end.status, 0);
  EXPECT_LT(end.after, kHostsPatience);
  EXPECT_FALSE(std::filesystem::exists(host.socket_path()));
}

}  // namespace
}  // namespace rootkeep::testing
