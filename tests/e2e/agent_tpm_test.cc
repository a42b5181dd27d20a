// rootkeep-agent with a TPM: its keys are served like a token's.
#include <unistd.h>

#include "keystore/keysocket/backend/store.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/swtpm.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::testing {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kPatience{30};

class AgentTpmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string config =
        "version: 1\nstate_directory: " + (directory_ / "state") + "\ntpms:\n  - name: tpm0\n    tcti: " + tpm_.tcti() +
        "\nsockets:\n  - name: web\n    path: " + Socket() +
        "\n    grants:\n      - keys:\n          - use: app\n            name: \"*\"\n" + "        may_create: true\n";
    ASSERT_THAT(WriteFileAtomically(directory_ / "agent.yaml", config, 0600), IsOk());
  }

  [[nodiscard]] std::string Socket() const { return directory_ / "run/keys"; }
  [[nodiscard]] std::string Log() const { return ReadFile(directory_ / "agent.log", 1 << 20).value_or(""); }
  void Start() {
    auto started = cli::Child::Start({ROOTKEEP_AGENT, "--config", directory_ / "agent.yaml"}, directory_ / "agent.log");
    ASSERT_THAT(started, IsOk());
    agent_ = std::make_unique<cli::Child>(*std::move(started));
    ASSERT_TRUE(Eventually([this] { return access(Socket().c_str(), F_OK) == 0 || agent_->WaitEnded({}); }));
    ASSERT_FALSE(agent_->WaitEnded({})) << Log();
  }
  Status Sign(const KeyInfo& key) const {
    RK_TRY(const auto signer, store_->Open(key.uri, After(kPatience)));
    RK_TRY(const Bytes digest, Digest(Hash::kSha256, AsBytes("what is to be signed")));
    RK_TRY(const Bytes signature, signer->Sign(SignatureScheme::kEcdsaSha256, digest, After(kPatience)));
    return signer->public_key().Verify(SignatureScheme::kEcdsaSha256, digest, signature);
  }

  const TempDir directory_;
  SwTpm tpm_;
  const std::shared_ptr<KeyStore> store_ = keysocket::OpenStore(Socket());
  std::unique_ptr<cli::Child> agent_;
};

TEST_F(AgentTpmTest, ItsKeysAreServedAndOutliveAgentAndPower) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store_->Create({.use = KeyUse::kApp, .name = "web"}, After(kPatience)));
  EXPECT_EQ(key.voucher, Voucher::kTokenSoftware);
  EXPECT_EQ(key.device.label, "tpm0");
  EXPECT_EQ(access((directory_ / "state/tpms/tpm0/keys/rk_app_web_1/key.pem").c_str(), F_OK), 0);
  EXPECT_THAT(Sign(key), IsOk());

  tpm_.SwitchOff();
  EXPECT_THAT(Sign(key), HasCode(Code::kUnavailable));
  tpm_.SwitchOn();
  EXPECT_TRUE(Eventually([&] { return Sign(key).ok(); })) << Log();

  ASSERT_EQ(agent_->Stop(kPatience), 0) << Log();
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(Sign(key), IsOk()) << Log();
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

TEST_F(AgentTpmTest, OneThatIsAwayAtTheStartIsServedWhenItComes) {
  tpm_.SwitchOff();
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_THAT(store_->Create({.use = KeyUse::kApp, .name = "web"}, After(kPatience)), HasCode(Code::kUnavailable));
  tpm_.SwitchOn();
  EXPECT_TRUE(Eventually([&] { return store_->Create({.use = KeyUse::kApp, .name = "mail"}, After(kPatience)).ok(); }))
      << Log();
  EXPECT_THAT(Log(), HasSubstr("tpm2.down"));
  EXPECT_EQ(agent_->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
