// Rootkeep's own PKCS#11 backend as the application: it loads, signs, and gets over what it must.
#include <cstdlib>
#include <optional>

#include "tests/support/chaos.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"

namespace rootkeep::chaos {
namespace {

using rootkeep::testing::Chaos;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;

class KeyStoreBehindChaos : public ::testing::Test {
 protected:
  KeyStoreBehindChaos() : hsm(Chaos::ModulePath()) {
    for (const auto& [name, value] : chaos.Environment(SoftHsm::ModulePath())) setenv(name.c_str(), value.c_str(), 1);
  }

  void SetUp() override {
    store = hsm.OpenStore();
    ASSERT_OK_AND_ASSIGN(info, store->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer, store->Open(info->uri, Soon()));
  }

  static Deadline Soon() { return After(std::chrono::seconds(20)); }
  [[nodiscard]] Result<Bytes> Sign() const { return signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()); }

  Chaos chaos;
  SoftHsm hsm;
  const Bytes digest = *Digest(Hash::kSha256, AsBytes("message"));
  std::shared_ptr<KeyStore> store;
  std::optional<KeyInfo> info;
  std::shared_ptr<const Signer> signer;
};

TEST_F(KeyStoreBehindChaos, SignsThroughALossOfAllSessions) {
  ASSERT_OK_AND_ASSIGN(const Bytes before, Sign());
  EXPECT_THAT(info->public_key.Verify(SignatureScheme::kEcdsaSha256, digest, before), IsOk());
  chaos.Set("lose-sessions C_Sign nth=1");
  ASSERT_OK_AND_ASSIGN(const Bytes after, Sign());
  EXPECT_THAT(info->public_key.Verify(SignatureScheme::kEcdsaSha256, digest, after), IsOk());
  EXPECT_EQ(chaos.Faults("lose-sessions").size(), 1U);
}

TEST_F(KeyStoreBehindChaos, FailsWhileTheTokenIsAwayAndSignsWhenItIsBack) {
  chaos.Set("token-away");
  EXPECT_THAT(Sign(), rootkeep::testing::HasCode(Code::kUnavailable));
  chaos.Clear();
  const Deadline end = Soon();
  auto signature = Sign();
  while (!signature.ok() && std::chrono::steady_clock::now() < end) signature = Sign();
  EXPECT_THAT(signature, IsOk());
}

}  // namespace
}  // namespace rootkeep::chaos
