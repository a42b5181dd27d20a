#include "keystore/key_spec.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

TEST(KeyLabel, RoundTrips) {
  ASSERT_OK_AND_ASSIGN(const std::string label,
                       KeyLabel({.use = KeyUse::kRootkeepCa, .name = "mesh-root", .generation = 12}));
  EXPECT_EQ(label, "rk/rootkeep-ca/mesh-root/12");
  const auto parts = ParseKeyLabel(label);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->use, KeyUse::kRootkeepCa);
  EXPECT_EQ(parts->name, "mesh-root");
  EXPECT_EQ(parts->generation, 12U);
}

TEST(KeyLabel, RefusesNamesThatWouldBeAmbiguous) {
  EXPECT_THAT(KeyLabel({.name = ""}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KeyLabel({.name = "a/b"}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KeyLabel({.name = "Upper"}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KeyLabel({.name = std::string(65, 'a')}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(KeyLabel({.name = "a", .generation = 0}), HasCode(Code::kInvalidArgument));
}

TEST(KeyLabel, ParsesNothingElse) {
  for (const char* label : {"", "rk", "rk/app/a", "rk/app/a/1/2", "rk/king/a/1", "xx/app/a/1", "rk/app/a/01",
                            "rk/app/a/", "rk/app/a/0", "rk/app/a/4294967296", "rk/app/a/1x", "rk/app//1"}) {
    EXPECT_FALSE(ParseKeyLabel(label)) << label;
  }
}

}  // namespace
}  // namespace rootkeep
