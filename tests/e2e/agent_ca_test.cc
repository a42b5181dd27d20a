// rootkeepd whose CA keys another process holds: rootkeep-agent, on a key socket of the CA service's own.
#include <unistd.h>

#include "keystore/keysocket/backend/store.h"
#include "keystore/keysocket/values/uri.h"
#include "signer/client/health_client.h"
#include "tests/e2e/key_catalog_process.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;

class AgentCaTest : public KeyCatalogProcess {
 protected:
  // The sandbox's token becomes the agent's, and the daemon gets the agent's socket for it.
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::SetUp());
    std::string config = Config();
    const auto begin = config.find("modules:");
    const auto end = config.find("trust_domains:");
    ASSERT_LT(begin, end);
    const std::string hardware = config.substr(begin, end - begin);
    Configure(config.replace(begin, end - begin, "key_sockets:\n  - name: sandbox\n    path: " + Socket("ca") + "\n"));
    ASSERT_THAT(MakeDirectory(File("run"), 0755), IsOk());
    WriteAgentConfig(hardware, std::to_string(geteuid()));
  }

  void WriteAgentConfig(const std::string& hardware, const std::string& user) {
    hardware_ = hardware;
    const std::string config = "version: 1\nstate_directory: " + File("agent-state") + "\n" + hardware +
                               "sockets:\n  - name: ca\n    path: " + Socket("ca") +
                               "\n    ca_service: true\n    grants:\n      - users: [\"" + user +
                               "\"]\n        keys:\n          - use: rootkeep-ca\n            name: sandbox\n" +
                               "  - name: web\n    path: " + Socket("web") +
                               "\n    grants:\n      - keys:\n          - use: app\n            name: \"*\"\n";
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), config, 0600), IsOk());
  }
  [[nodiscard]] const std::string& hardware() const { return hardware_; }

  [[nodiscard]] std::string Socket(const std::string& name) const { return File("run-" + name) + "/keys"; }

  void StartAgent() {
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", File("agent.yaml")}, File("agent.log"));
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
  }
  // With SIGKILL: it cannot say goodbye.
  void KillAgent() {
    kill(agent_->pid(), SIGKILL);
    ASSERT_TRUE(agent_->WaitEnded(kPatience));
    agent_.reset();
  }
  [[nodiscard]] cli::Child& agent() { return *agent_; }

  [[nodiscard]] bool Serving() const {
    const auto channel = OpenLoopbackChannel(daemon().health_address());
    const auto serving = IsServing(*channel, "", After(kPatience));
    EXPECT_THAT(serving, IsOk());
    return serving.ok() && *serving;
  }

 private:
  std::string hardware_;
  std::unique_ptr<cli::Child> agent_;
};

TEST_F(AgentCaTest, IssuesStopsWithTheAgentAndGoesOnWithTheNextOne) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_NO_FATAL_FAILURE(Start());
  const pid_t pid = daemon().child().pid();
  EXPECT_THAT(AskOnce(), WasIssued());
  EXPECT_TRUE(ReadyzSays("[+] key socket sandbox ok"));
  EXPECT_TRUE(Serving());

  ASSERT_NO_FATAL_FAILURE(KillAgent());
  const auto began = std::chrono::steady_clock::now();
  const IstioAnswer refused = AskOnce();
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAVAILABLE) << refused.status.error_message();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10)) << "the daemon's own deadline";
  EXPECT_TRUE(ReadyzSays("[-] key socket sandbox not ready"));
  EXPECT_TRUE(Eventually([this] { return !Serving(); }));
  // Of a token that nobody can see, no key is missing.
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kActive);

  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([this] { return Issues(); }));
  EXPECT_TRUE(Eventually([this] { return Serving(); }));
  EXPECT_EQ(daemon().child().pid(), pid);
  EXPECT_EQ(agent().Stop(kPatience), 0);
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(AgentCaTest, ComesUpBeforeTheAgent) {
  ASSERT_OK_AND_ASSIGN(const auto started,
                       cli::RunningDaemon::Start(ROOTKEEPD_BINARY, files().config(), files().log(), After(kPatience)));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_THAT(started->WaitServing(After(kPatience)), IsOk());
  EXPECT_EQ(started->Stop(kPatience), 0);
}

TEST_F(AgentCaTest, AKeyThatTheAgentOffersNoLongerIsAnAlarmAndNotMissing) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_TRUE(Issues());
  EXPECT_EQ(agent().Stop(kPatience), 0);
  ASSERT_NO_FATAL_FAILURE(WriteAgentConfig(hardware(), "4711"));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  // It lets nobody but that user in.
  EXPECT_TRUE(ReadyzSays("[-] key socket sandbox not ready"));
  EXPECT_EQ(agent().Stop(kPatience), 0);
  ASSERT_NO_FATAL_FAILURE(WriteAgentConfig(hardware(), std::to_string(geteuid())));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([this] { return Issues(); }));

  Delete(kIssuingKey);
  EXPECT_TRUE(ReadyzSays("[-] authority sandbox not ready: key \"rk/rootkeep-ca/sandbox/1\" is not offered"));
  EXPECT_EQ(StateOf(kIssuingKey), KeyState::kActive) << "whoever has the token says that";
  EXPECT_FALSE(Issues());
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

TEST_F(AgentCaTest, WhatTheCatalogueForbidsIsForbiddenBehindASocketToo) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_TRUE(Issues());
  EXPECT_THAT(OpenCatalog()->Retire(kIssuingKey, std::chrono::system_clock::now()), IsOk());
  EXPECT_TRUE(ReadyzSays("[-] authority sandbox not ready"));
  EXPECT_FALSE(Issues());
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

// The boundary: what the CA signs with is no application's, whatever that asks for and by whatever name.
TEST_F(AgentCaTest, AnApplicationsSocketNeverOffersTheCaKey) {
  std::optional<KeyInfo> issuing;
  OnToken([&issuing](KeyStore& store) {
    const auto keys = store.List(After(kPatience));
    ASSERT_THAT(keys, IsOk());
    for (const KeyInfo& key : *keys) {
      if (key.label == kIssuingKey) issuing = key;
    }
  });
  ASSERT_TRUE(issuing);
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  const auto web = keysocket::OpenStore(Socket("web"));
  ASSERT_OK_AND_ASSIGN(const auto keys, web->List(After(kPatience)));
  EXPECT_TRUE(keys.empty());
  const KeyUri uri = keysocket::BehindSocket(issuing->uri);
  EXPECT_THAT(web->Open(uri, After(kPatience)), HasCode(Code::kNotFound));
  const KeyUri by_id{.scheme = UriScheme::kKeySocket, .object_id = issuing->id, .pin_source = {}};
  EXPECT_THAT(web->Open(by_id, After(kPatience)), HasCode(Code::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto ca_key, keysocket::OpenStore(Socket("ca"))->Open(uri, After(kPatience)));
  EXPECT_EQ(ca_key->public_key(), issuing->public_key);
  EXPECT_EQ(agent().Stop(kPatience), 0);
}

TEST_F(AgentCaTest, DoctorLooksThroughTheSocket) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  const ProgramResult healthy = Rootkeep({"doctor"});
  EXPECT_EQ(healthy.exit_code, 0) << healthy.out << healthy.err;
  EXPECT_THAT(healthy.out, HasSubstr("ask agent       key socket sandbox"));
  EXPECT_THAT(healthy.out, HasSubstr("sign and verify authority sandbox"));
  EXPECT_EQ(agent().Stop(kPatience), 0);
  const ProgramResult sick = Rootkeep({"doctor"});
  EXPECT_EQ(sick.exit_code, 1);
  EXPECT_THAT(sick.out, HasSubstr("FAILED     ask agent"));
  EXPECT_THAT(sick.out, HasSubstr("does rootkeep-agent run"));
}

}  // namespace
}  // namespace rootkeep::testing
