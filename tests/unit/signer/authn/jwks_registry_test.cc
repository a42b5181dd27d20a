#include "signer/authn/jwks_registry.h"

#include "keystore/base/file.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::jose {
namespace {

// Nothing listens there: the source exists and has no keys.
JwksConfig AtUrl() { return {.url = "https://127.0.0.1:1/keys"}; }

TEST(JwksRegistry, HandsOnWhatSomebodyHolds) {
  JwksRegistry registry;
  const auto source = registry.Get("main", AtUrl());
  EXPECT_EQ(registry.Get("main", AtUrl()), source);
}

TEST(JwksRegistry, OtherIssuersAndOtherTermsHaveTheirOwn) {
  JwksRegistry registry;
  const auto source = registry.Get("main", AtUrl());
  EXPECT_NE(registry.Get("other", AtUrl()), source);
  JwksConfig changed = AtUrl();
  changed.refresh += std::chrono::seconds(1);
  EXPECT_NE(registry.Get("main", changed), source);
}

TEST(JwksRegistry, ReadsAFileAgainAtOnce) {
  const testing::TempDir dir;
  const std::string one = testing::JwtMinter("ES256", "one").Jwk();
  const std::string two = testing::JwtMinter("ES256", "two").Jwk();
  const JwksConfig config{.file = dir / "jwks", .file_check = std::chrono::hours(1)};
  JwksRegistry registry;
  ASSERT_THAT(WriteFileAtomically(config.file, testing::JwksOf({one}), 0644), testing::IsOk());
  const auto before = registry.Get("main", config);
  EXPECT_EQ(before->status().keys, 1U);
  ASSERT_THAT(WriteFileAtomically(config.file, testing::JwksOf({one, two}), 0644), testing::IsOk());
  EXPECT_EQ(registry.Get("main", config)->status().keys, 2U);
}

}  // namespace
}  // namespace rootkeep::jose
