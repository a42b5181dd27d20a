// Evidence that keys in a real token sign, of every type the token makes.
#include <nlohmann/json.hpp>

#include "keystore/evidence/key_evidence.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"

namespace rootkeep::testing {
namespace {

constexpr std::int64_t kReadAt = 1'800'000'000;

Deadline Soon() { return After(std::chrono::seconds(60)); }

class TokenEvidence : public ::testing::TestWithParam<KeyType> {
 protected:
  SoftHsm hsm_;
  std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
};

TEST_P(TokenEvidence, SaysWhatTheTokenSaysAndIsReadBack) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo made,
                       store_->Create({.type = GetParam(), .use = KeyUse::kRootkeepCa, .name = "mesh"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store_->Open(made.uri, Soon()));
  ASSERT_OK_AND_ASSIGN(const std::string text, WriteEvidence(*signer, FromUnixSeconds(kReadAt), Soon()));

  ASSERT_OK_AND_ASSIGN(const KeyEvidence read, ReadEvidence(text));
  EXPECT_EQ(read.key.public_key, made.public_key);
  EXPECT_EQ(read.key.label, "rk/rootkeep-ca/mesh/1");
  EXPECT_EQ(read.key.id, made.id);
  EXPECT_EQ(read.key.custody, made.custody);
  EXPECT_EQ(read.key.voucher, Voucher::kTokenSoftware);
  EXPECT_EQ(read.key.device.serial, made.device.serial);
  EXPECT_EQ(ToUnixSeconds(read.read_at), kReadAt);
  EXPECT_EQ(read.scheme, SchemesOf(GetParam()).front());

  const auto statement = nlohmann::json::parse(text)["statement"];
  EXPECT_EQ(statement["type"], "rootkeep-key-evidence");
  EXPECT_EQ(statement["version"], 1);
  EXPECT_EQ(statement["read_at"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(statement["key"]["use"], "rootkeep-ca");
  EXPECT_EQ(statement["key"]["generation"], 1);
  EXPECT_EQ(statement["custody"]["never_extractable"], true);
  EXPECT_EQ(statement["voucher"], "claimed by token (software, for tests)");
}

INSTANTIATE_TEST_SUITE_P(Types, TokenEvidence,
                         ::testing::Values(KeyType::kEcP256, KeyType::kEcP384, KeyType::kRsa2048, KeyType::kEd25519),
                         [](const auto& type) {
                           std::string name(KeyTypeName(type.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace rootkeep::testing
