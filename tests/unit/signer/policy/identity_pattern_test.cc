#include "signer/policy/identity_pattern.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

TEST(TextPatternTest, ExactPrefixAndEverything) {
  ASSERT_OK_AND_ASSIGN(const TextPattern exact, TextPattern::Parse("team-a"));
  EXPECT_TRUE(exact.Matches("team-a"));
  EXPECT_FALSE(exact.Matches("team-ab"));
  EXPECT_FALSE(exact.Matches("team-"));
  EXPECT_FALSE(exact.Matches(""));

  ASSERT_OK_AND_ASSIGN(const TextPattern prefix, TextPattern::Parse("team-*"));
  EXPECT_TRUE(prefix.Matches("team-a"));
  EXPECT_TRUE(prefix.Matches("team-"));
  EXPECT_FALSE(prefix.Matches("team"));
  EXPECT_FALSE(prefix.Matches("a-team-a"));

  ASSERT_OK_AND_ASSIGN(const TextPattern all, TextPattern::Parse("*"));
  EXPECT_TRUE(all.Matches("anything"));
}

TEST(TextPatternTest, RefusesWhatIsNoPattern) {
  for (const std::string_view text : {"", "**", "*a", "a*b", "a b", "a/b", "a/*", "..", ".", "ns\n", "t\xc3\xa9"}) {
    EXPECT_THAT(TextPattern::Parse(text), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(IdentityPatternTest, AllThreePartsMustMatch) {
  const SpiffeId ztunnel{"cluster.local", "istio-system", "ztunnel"};
  const IdentityPattern pattern = IdentityPattern::Exactly(ztunnel);
  EXPECT_TRUE(pattern.Matches(ztunnel));
  EXPECT_FALSE(pattern.Matches({"other.local", "istio-system", "ztunnel"}));
  EXPECT_FALSE(pattern.Matches({"cluster.local", "default", "ztunnel"}));
  EXPECT_FALSE(pattern.Matches({"cluster.local", "istio-system", "ztunnel2"}));
  EXPECT_EQ(pattern.ToText(), ztunnel.ToUri());
}

}  // namespace
}  // namespace rootkeep
