// Keys that another CA makes and replaces over a key socket, in a token and in a TPM.
#include <fmt/format.h>

#include "keystore/catalog/catalog.h"
#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/wire/client.h"
#include "tests/e2e/agent_process.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kGrant[] =
    "    grants:\n      - keys:\n          - use: foreign-ca\n            name: \"prod.*\"\n        may_create: true\n";

// Makes and signs as a key manager does.
class Owner {
 public:
  explicit Owner(const std::string& path) : client_(path), store_(keysocket::OpenStore(path)) {}

  // The next of the name.
  Result<KeyInfo> Make(std::string_view name) {
    keysocket::ReplyMemory memory;
    keysocket::KeyDescription key;
    keysocket::Failure why;
    const keysocket::CreateCall call{
        .use = keysocket::WireUse::kForeignCa, .generation = keysocket::kNextGeneration, .name = name};
    if (!client_.Create(call, After(std::chrono::seconds(30)), memory, key, why)) return keysocket::FromWire(why);
    return keysocket::ReadDescription(key);
  }
  [[nodiscard]] std::vector<KeyInfo> List() const { return store_->List(After(std::chrono::seconds(30))).value(); }
  [[nodiscard]] Status Sign(const KeyInfo& key) const {
    RK_TRY(const auto signer, store_->Open(key.uri, After(std::chrono::seconds(30))));
    RK_TRY(const Bytes signature,
           signer->Sign(SignatureScheme::kEcdsaSha256, Bytes(32), After(std::chrono::seconds(30))));
    return signer->public_key().Verify(SignatureScheme::kEcdsaSha256, Bytes(32), signature);
  }

 private:
  keysocket::Client client_;
  const std::shared_ptr<KeyStore> store_;
};

// What holds wherever the keys are.
void ReplaceKeys(Owner& owner) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo first, owner.Make("prod.a"));
  EXPECT_EQ(first.label, "rk/foreign-ca/prod.a/1");
  for (int i = 0; i < 3; ++i) ASSERT_THAT(owner.Sign(first), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo second, owner.Make("prod.a"));
  EXPECT_EQ(second.label, "rk/foreign-ca/prod.a/2");
  EXPECT_THAT(owner.Sign(second), IsOk());
  EXPECT_TRUE(Eventually([&] { return !owner.Sign(first).ok(); }));
  EXPECT_THAT(owner.Sign(first), HasReason("key_state"));
  EXPECT_THAT(owner.List(), SizeIs(1));
  for (int i = 0; i < 6; ++i) ASSERT_THAT(owner.Make("prod.a"), IsOk());
  EXPECT_THAT(owner.Make("test.a"), HasReason("not_permitted"));
  EXPECT_THAT(owner.Make("no name"), HasCode(Code::kInvalidArgument));
}

// The first was in use, the last is; of those between, the oldest are gone.
void ExpectBounded(const std::string& catalogue) {
  ASSERT_OK_AND_ASSIGN(const auto catalog, Catalog::Look(catalogue));
  const auto state = [&](int generation) {
    return catalog->Find(fmt::format("rk/foreign-ca/prod.a/{}", generation)).value()->state;
  };
  EXPECT_EQ(state(1), KeyState::kRetired);
  for (const int generation : {2, 3, 4}) EXPECT_EQ(state(generation), KeyState::kDestroyed) << generation;
  for (const int generation : {5, 6, 7}) EXPECT_EQ(state(generation), KeyState::kRetired) << generation;
  EXPECT_EQ(state(8), KeyState::kActive);
}

class AgentForeignCa : public AgentProcess {};

TEST_F(AgentForeignCa, KeysInATokenAreReplacedAndBounded) {
  std::string config = Config("none", "replaced_keys:\n  keep: 5\n");
  config += "  - name: spire\n    path: " + Socket("spire") + "\n" + kGrant;
  Write(config);
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_TRUE(Eventually([this] { return access(Socket("spire").c_str(), F_OK) == 0; }));
  Owner owner(Socket("spire"));
  ASSERT_NO_FATAL_FAILURE(ReplaceKeys(owner));
  ExpectBounded(Catalogue());
  EXPECT_EQ(hsm.OpenStore()->List(After(kPatience))->size(), 5U + 2U) << "and the fixture's";
  EXPECT_THAT(Log(), HasSubstr("replaced_key_destroyed"));
  EXPECT_THAT(Log(), Not(HasSubstr("key_unfinished"))) << "what is under way is no accident";
  // What is newest is so after a restart too.
  ASSERT_EQ(agent->Stop(kPatience), 0) << Log();
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::vector<KeyInfo> keys = owner.List();
  ASSERT_THAT(keys, SizeIs(1));
  EXPECT_EQ(keys.front().label, "rk/foreign-ca/prod.a/8");
  EXPECT_THAT(owner.Sign(keys.front()), IsOk());
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

TEST(AgentForeignCaTpm, KeysInATpmAreReplacedAndBounded) {
  const TempDir directory;
  const SwTpm tpm;
  const std::string socket = directory / "run/keys";
  ASSERT_THAT(
      WriteFileAtomically(
          directory / "agent.yaml",
          "version: 1\nstate_directory: " + (directory / "state") + "\ntpms:\n  - name: tpm0\n    tcti: " + tpm.tcti() +
              "\nreplaced_keys:\n  keep: 5\nsockets:\n  - name: spire\n    path: " + socket + "\n" + kGrant,
          0600),
      IsOk());
  auto agent = cli::Child::Start({ROOTKEEP_AGENT, "--config", directory / "agent.yaml"}, directory / "agent.log");
  ASSERT_THAT(agent, IsOk());
  ASSERT_TRUE(Eventually([&] { return access(socket.c_str(), F_OK) == 0; }));
  Owner owner(socket);
  ASSERT_NO_FATAL_FAILURE(ReplaceKeys(owner));
  ExpectBounded(directory / "state/keys.db");
  EXPECT_EQ(access((directory / "state/tpms/tpm0/keys/rk_foreign-ca_prod.a_2").c_str(), F_OK), -1);
  EXPECT_EQ(access((directory / "state/tpms/tpm0/keys/rk_foreign-ca_prod.a_1/key.pem").c_str(), F_OK), 0);
  EXPECT_EQ(agent->Stop(std::chrono::seconds(30)), 0);
}

}  // namespace
}  // namespace rootkeep::testing
