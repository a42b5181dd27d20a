// `rootkeep request` for keys in TPMs, over the relays of two attested nodes.
#include <nlohmann/json.hpp>

#include "tests/e2e/agent_relay_fixture.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSealed[] = "spiffe://cluster.local/ns/demo/sa/sealed";  // requires level attested-key
constexpr char kKey[] = "tpm2:token=tpm0;object=rk%2Fapp%2Fweb%2F1";

class CliRequestTpm : public AgentRelay {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(AgentRelay::SetUp());
    for (Node* node : {&node_1_, &node_2_}) {
      ASSERT_NO_FATAL_FAILURE(StartNode(*node));
      ASSERT_TRUE(node->Serves()) << node->Log();
    }
    const ProgramResult made = Run({"key", "create", "--config", AgentConfig(), "--tpm", "tpm0", "--name", "web"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    ASSERT_THAT(WriteFileAtomically(File("token"), Token("demo", "sealed"), 0600), IsOk());
  }
  void TearDown() override {
    node_1_.Stop();
    node_2_.Stop();
  }

  static ProgramResult Run(Words words) {
    words.insert(words.begin(), ROOTKEEP_BINARY);
    return RunProgram(words);
  }
  [[nodiscard]] std::string AgentConfig() const { return node_1_.File("agent.yaml"); }
  [[nodiscard]] ProgramResult AskAt(const std::string& address, const Words& more) const {
    Words words{"request", "--address", address, "--root", files().root_certificate(), "--token-file", File("token")};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
  // With node-1's key.
  [[nodiscard]] ProgramResult AskWithKeyAt(const std::string& address, Words more = {}) const {
    more.insert(more.end(), {"--config", AgentConfig(), "--key", kKey});
    return AskAt(address, more);
  }
};

auto IsRefused(const std::string& words) {
  return AllOf(::testing::Field("exit_code", &ProgramResult::exit_code, 1),
               ::testing::Field("err", &ProgramResult::err, HasSubstr(words)),
               ::testing::Field("out", &ProgramResult::out, ""));
}

TEST_F(CliRequestTpm, IsForTheKeyOverItsOwnNodesRelay) {
  const std::string relay = node_1_.Address("relay");
  const ProgramResult issued = AskWithKeyAt(relay, {"--json", "--san", kSealed});
  ASSERT_EQ(issued.exit_code, 0) << issued.err;
  const json answer = json::parse(issued.out, nullptr, false);
  EXPECT_EQ(answer["certificates"][0]["names"], json::array({kSealed}));
  EXPECT_FALSE(answer.contains("key"));
  const ProgramResult entry =
      Rootkeep({"ledger", "show", answer["certificates"][0]["serial"].get<std::string>(), "--json"});
  EXPECT_THAT(entry.out, AllOf(HasSubstr("self, key attested"), HasSubstr("node-1"))) << entry.err;

  ASSERT_EQ(AskWithKeyAt(relay, {"--out", File("certs")}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(File("certs/cert-chain.pem")));
  EXPECT_FALSE(std::filesystem::exists(File("certs/key.pem"))) << "it stays in the TPM";
  EXPECT_THAT(AskWithKeyAt(relay).out, AllOf(HasSubstr("BEGIN CERTIFICATE"), Not(HasSubstr("PRIVATE KEY"))));

  EXPECT_THAT(AskAt(relay, {}), IsRefused("request authenticate failure")) << "no evidence";
  EXPECT_THAT(AskWithKeyAt(node_2_.Address("relay")), IsRefused("over the relay of its own node's agent alone"));
  EXPECT_THAT(AskWithKeyAt(daemon().address()), IsRefused("over the relay of its own node's agent alone"));
}

TEST_F(CliRequestTpm, SaysWhatIsWrongWithTheKey) {
  const std::string relay = node_1_.Address("relay");
  EXPECT_THAT(AskAt(relay, {"--config", AgentConfig(), "--key", "tpm2:token=tpm0;object=rk%2Fapp%2Fother%2F1"}),
              IsRefused("rk/app/web/1"));
  EXPECT_THAT(AskAt(relay, {"--config", AgentConfig(), "--key", "tpm2:token=tpm9;object=rk%2Fapp%2Fweb%2F1"}),
              IsRefused("it has tpm0"));
  // The files of one TPM's key beside another TPM.
  EXPECT_THAT(AskAt(relay, {"--tpm", "tpm0", "--tcti", node_2_.tpm().tcti(), "--directory",
                            node_1_.File("state/tpms/tpm0"), "--key", kKey}),
              IsRefused("is pinned in"));
  ASSERT_EQ(Run({"key", "retire", "rk/app/web/1", "--state", node_1_.File("state")}).exit_code, 0);
  EXPECT_THAT(AskWithKeyAt(relay), IsRefused("RETIRED"));
}

}  // namespace
}  // namespace rootkeep::testing
