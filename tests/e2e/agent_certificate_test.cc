// The agent keeps a certificate fresh: rootkeepd issues it, and what is in the files works.
#include "keystore/keysocket/backend/store.h"
#include "signer/authority/certificates.h"
#include "tests/e2e/key_catalog_process.h"
#include "tests/support/mute_server.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;

class AgentCertificateTest : public KeyCatalogProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KeyCatalogProcess::SetUp());
    // Certificates that live for seconds.
    Configure(ConfigWith("    lifetimes:\n      min: 2s\n      backdate: 0s\n", "token_issuers:"));
    const std::string config = Config();
    const auto begin = config.find("modules:");
    hardware_ = config.substr(begin, config.find("trust_domains:") - begin);
    ASSERT_NO_FATAL_FAILURE(Start());
    WriteToken(Token("demo", "web"));
    const std::string agent =
        "version: 1\nstate_directory: " + File("agent-state") + "\n" + hardware_ +
        "sockets:\n  - name: web\n    path: " + File("run-web") + "/keys\n    grants:\n      - keys:\n" +
        "          - use: app\n            name: web\ncertificates:\n  - name: web\n    address: \"" +
        daemon().address() + "\"\n    anchors_file: " + files().root_certificate() +
        "\n    token_file: " + File("token") +
        "\n    lifetime: 4s\n    identities: [\"spiffe://cluster.local/ns/demo/sa/web\"]\n" +
        "    chain_file: " + File("chain.pem") + "\n    bundle_file: " + File("bundle.pem") +
        "\n    key_file: " + File("key.pem") + "\n    socket: web\n    reload: [/bin/sh, -c, \"echo reloaded >> " +
        File("reloads") + "\"]\n";
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), agent, 0600), IsOk());
  }

  // The agent's configuration with `to` for the first `from`.
  void Change(const std::string& from, const std::string& to) const {
    std::string config = Read("agent.yaml");
    const auto at = config.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), config.replace(at, from.size(), to), 0600), IsOk());
  }
  // An OpenSSL provider at that path.
  void UseProvider(const std::string& path) const {
    const std::string config = "openssl_provider: " + path + "\n" + Read("agent.yaml");
    ASSERT_THAT(WriteFileAtomically(File("agent.yaml"), config, 0600), IsOk());
  }
  void WriteToken(const std::string& token) const {
    ASSERT_THAT(WriteFileAtomically(File("token"), token + "\n", 0600), IsOk());
  }
  void StartAgent() {
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", File("agent.yaml")}, File("agent.log"));
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
  }
  [[nodiscard]] std::string Read(const std::string& name) const { return ReadFile(File(name), 1 << 20).value_or(""); }
  // In the agent's log.
  [[nodiscard]] bool Says(const std::string& event) const {
    return Read("agent.log").find("\"" + event + "\"") != std::string::npos;
  }
  // By which each certificate was asked for, as the CA has it on record.
  [[nodiscard]] std::vector<std::string> Authenticators() const {
    std::vector<std::string> out;
    const std::string ledger = Rootkeep({"ledger", "list", "--json"}).out;
    const std::string mark = "\"authenticator\": \"";
    for (auto at = ledger.find(mark); at != std::string::npos; at = ledger.find(mark, at + 1)) {
      const auto begin = at + mark.size();
      out.push_back(ledger.substr(begin, ledger.find('"', begin) - begin));
    }
    return out;
  }
  [[nodiscard]] cli::Child& agent() { return *agent_; }

 private:
  std::string hardware_;
  std::unique_ptr<cli::Child> agent_;
};

TEST_F(AgentCertificateTest, MakesAKeyGetsACertificateAndRenewsIt) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(Eventually([this] { return !Read("reloads").empty(); })) << Read("agent.log");
  ASSERT_OK_AND_ASSIGN(const auto chain, ParseCertificates(Read("chain.pem")));
  ASSERT_OK_AND_ASSIGN(const auto roots, ParseCertificates(Read("bundle.pem")));
  EXPECT_EQ(NamesOf(chain.front().get()), std::vector<std::string>{"URI:spiffe://cluster.local/ns/demo/sa/web"});
  EXPECT_THAT(Read("key.pem"), HasSubstr("ROOTKEEP KEY REFERENCE"));
  // The key behind the socket is the certificate's.
  const auto store = keysocket::OpenStore(File("run-web") + "/keys");
  ASSERT_OK_AND_ASSIGN(const auto keys, store->List(After(kPatience)));
  ASSERT_EQ(keys.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const PublicKey certified, PublicKeyOf(chain.front().get()));
  EXPECT_EQ(keys.front().public_key, certified);
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(keys.front().uri, After(kPatience)));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(Hash::kSha256, AsBytes("handshake")));
  ASSERT_OK_AND_ASSIGN(const Bytes signature, signer->Sign(SignatureScheme::kEcdsaSha256, digest, After(kPatience)));
  EXPECT_THAT(certified.Verify(SignatureScheme::kEcdsaSha256, digest, signature), IsOk());

  const std::string first = Read("chain.pem");
  EXPECT_TRUE(Eventually([&] { return Read("chain.pem") != first; })) << Read("agent.log");
  EXPECT_TRUE(Eventually([this] { return Read("reloads").size() > std::string("reloaded\n").size(); }));
  ASSERT_OK_AND_ASSIGN(const auto renewed, ParseCertificates(Read("chain.pem")));
  EXPECT_EQ(PublicKeyOf(renewed.front().get()).value(), certified);
  const ProgramResult examined = RunProgram({ROOTKEEP_BINARY, "doctor", "--agent-config", File("agent.yaml")});
  EXPECT_THAT(examined.out, HasSubstr("certificate web: until ")) << examined.err;
  EXPECT_EQ(agent().Stop(kPatience), 0);
}

// The key that signs in the agent's handshake with the CA is served by the same agent meanwhile, on its one session.
TEST_F(AgentCertificateTest, RenewsByTheCertificateThatItHasAndServesWhileItShakesHands) {
  ASSERT_NO_FATAL_FAILURE(UseProvider(ROOTKEEP_PROVIDER));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(Eventually([this] { return !Read("reloads").empty(); })) << Read("agent.log");
  WriteToken("no.such.token");
  const auto store = keysocket::OpenStore(File("run-web") + "/keys");
  ASSERT_OK_AND_ASSIGN(const auto keys, store->List(After(kPatience)));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(keys.front().uri, After(kPatience)));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(Hash::kSha256, AsBytes("an application's")));
  for (int renewals = 0; renewals < 3; ++renewals) {
    const std::string before = Read("chain.pem");
    EXPECT_TRUE(Eventually([&] {
      EXPECT_THAT(signer->Sign(SignatureScheme::kEcdsaSha256, digest, After(kPatience)), IsOk());
      return Read("chain.pem") != before;
    })) << Read("agent.log");
  }
  EXPECT_FALSE(Says("certificate_not_renewed")) << Read("agent.log");
  EXPECT_FALSE(Says("certificate_not_accepted"));
  EXPECT_EQ(agent().Stop(kPatience), 0);
  EXPECT_THAT(Authenticators(), ::testing::Contains("mtls").Times(::testing::Ge(3)));
  // What it signs with itself is not for others.
  EXPECT_NE(access((File("agent-state") + "/keys").c_str(), F_OK), 0);
}

TEST_F(AgentCertificateTest, WithoutTheProviderItSaysSoAndShowsItsToken) {
  ASSERT_NO_FATAL_FAILURE(UseProvider("/no/such/rootkeep.so"));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(Eventually([this] { return !Read("reloads").empty(); })) << Read("agent.log");
  EXPECT_TRUE(Says("certificates_by_token_only"));
  const std::string first = Read("chain.pem");
  EXPECT_TRUE(Eventually([&] { return Read("chain.pem") != first; })) << Read("agent.log");
  EXPECT_EQ(agent().Stop(kPatience), 0);
  EXPECT_THAT(Authenticators(), ::testing::Not(::testing::Contains("mtls")));
}

TEST_F(AgentCertificateTest, AnAgentWhoseCertificateEndedMeanwhileRecoversWithTheToken) {
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(Eventually([this] { return !Read("reloads").empty(); })) << Read("agent.log");
  EXPECT_EQ(agent().Stop(kPatience), 0);
  const std::string old = Read("chain.pem");
  ASSERT_TRUE(Eventually([&] {
    const auto chain = ParseCertificates(old);
    return NotAfterOf(chain->front().get()) < std::chrono::system_clock::now();
  }));
  // Nor is the token good at first.
  WriteToken("no.such.token");
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([this] { return Read("agent.log").find("certificate_not_renewed") != std::string::npos; }));
  EXPECT_EQ(Read("chain.pem"), old);
  WriteToken(Token("demo", "web"));
  EXPECT_TRUE(Eventually([&] { return Read("chain.pem") != old; })) << Read("agent.log");
  EXPECT_EQ(agent().Stop(kPatience), 0);
  EXPECT_THAT(Read("agent.log"), ::testing::Not(HasSubstr("no.such.token")));
}

TEST_F(AgentCertificateTest, WithoutATokenItGoesOnWithTheCertificateThatIsThere) {
  ASSERT_NO_FATAL_FAILURE(UseProvider(ROOTKEEP_PROVIDER));
  ASSERT_NO_FATAL_FAILURE(Change("    lifetime: 4s\n", "    lifetime: 20s\n"));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(Eventually([this] { return !Read("reloads").empty(); })) << Read("agent.log");
  EXPECT_EQ(agent().Stop(kPatience), 0);
  ASSERT_NO_FATAL_FAILURE(Change("    token_file: " + File("token") + "\n", ""));
  // As an operator may leave it: whoever put the certificate there knows no key reference.
  ASSERT_EQ(unlink(File("key.pem").c_str()), 0);
  const std::string first = Read("chain.pem");
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([&] { return Read("chain.pem") != first; })) << Read("agent.log");
  EXPECT_THAT(Read("key.pem"), HasSubstr("ROOTKEEP KEY REFERENCE"));
  EXPECT_FALSE(Says("certificate_not_renewed")) << Read("agent.log");
  EXPECT_EQ(agent().Stop(kPatience), 0);
  // With nothing at all it says what is wanted.
  ASSERT_EQ(unlink(File("chain.pem").c_str()), 0);
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  EXPECT_TRUE(Eventually([this] { return Says("certificate_not_renewed"); }));
  EXPECT_THAT(Read("agent.log"), HasSubstr("no certificate that can be shown, and no token_file"));
  EXPECT_EQ(agent().Stop(kPatience), 0);
}

TEST_F(AgentCertificateTest, ACaThatHangsHoldsUpNoStop) {
  const MuteServer mute;
  ASSERT_NO_FATAL_FAILURE(Change(daemon().address(), mute.address()));
  ASSERT_NO_FATAL_FAILURE(StartAgent());
  ASSERT_TRUE(mute.AwaitCaller(kPatience)) << Read("agent.log");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(agent().Stop(kPatience), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "a call's own limit is ten";
  EXPECT_FALSE(Says("stop_forced"));
  EXPECT_FALSE(Says("certificate_not_renewed"));
}

}  // namespace
}  // namespace rootkeep::testing
