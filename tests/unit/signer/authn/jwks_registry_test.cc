#include "signer/authn/jwks_registry.h"

#include "keystore/base/file.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::jose {
namespace {

class JwksRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.file = dir_ / "jwks";
    const std::string keys = testing::JwksOf({testing::JwtMinter("ES256", "one").Jwk()});
    ASSERT_THAT(WriteFileAtomically(config_.file, keys, 0644), testing::IsOk());
  }

  const testing::TempDir dir_;
  JwksConfig config_;
  JwksRegistry registry_;
};

TEST_F(JwksRegistryTest, HandsOnWhatSomebodyHolds) {
  const auto source = registry_.Get("main", config_);
  EXPECT_EQ(source->generation(), 1U);
  EXPECT_EQ(registry_.Get("main", config_), source);
}

TEST_F(JwksRegistryTest, OtherIssuersAndOtherTermsHaveTheirOwn) {
  const auto source = registry_.Get("main", config_);
  EXPECT_NE(registry_.Get("other", config_), source);
  JwksConfig changed = config_;
  changed.refresh += std::chrono::seconds(1);
  EXPECT_NE(registry_.Get("main", changed), source);
}

TEST_F(JwksRegistryTest, StartsAnewWhatNobodyHoldsAnyMore) {
  EXPECT_EQ(registry_.Get("main", config_)->generation(), 1U);
  ASSERT_THAT(WriteFileAtomically(config_.file, "garbage", 0644), testing::IsOk());
  EXPECT_EQ(registry_.Get("main", config_)->generation(), 0U);
}

}  // namespace
}  // namespace rootkeep::jose
