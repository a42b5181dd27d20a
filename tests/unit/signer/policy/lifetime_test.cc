#include "signer/policy/lifetime.h"

#include <limits>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasCode;
using testing::HasReason;

constexpr std::int64_t kHour = 3600;
const WallTime kNow = FromUnixSeconds(1'800'000'000);

LifetimeRules Rules(seconds default_ttl, seconds max_ttl) {
  return {.default_ttl = default_ttl, .max_ttl = max_ttl, .min_ttl = minutes(5), .backdate = minutes(2)};
}

IssuerValidity Issuer(seconds left) { return {kNow - hours(100), kNow + left, kNow + left}; }

TEST(PolicyConformance, Case40_LifetimeIsWhatWasAskedPlusTheBackdate) {
  ASSERT_OK_AND_ASSIGN(const Validity validity,
                       DecideValidity(kHour / 2, Rules(hours(1), hours(1)), Issuer(hours(24)), kNow));
  EXPECT_EQ(validity.not_before, kNow - minutes(2));
  EXPECT_EQ(validity.not_after, kNow + minutes(30));
  EXPECT_EQ(validity.not_after - validity.not_before, minutes(32));
}

TEST(PolicyConformance, Case41_ZeroAndNegativeTakeTheDefault) {
  for (const std::int64_t requested : {std::int64_t{0}, std::int64_t{-1}}) {
    ASSERT_OK_AND_ASSIGN(const Validity validity,
                         DecideValidity(requested, Rules(hours(6), hours(24)), Issuer(hours(48)), kNow));
    EXPECT_EQ(validity.not_after, kNow + hours(6)) << requested;
  }
}

TEST(PolicyConformance, Case42_AboveTheMaximumIsRefusedInIstiodsWords) {
  const LifetimeRules rules = Rules(hours(1), hours(2));
  const auto refused = DecideValidity(3 * kHour, rules, Issuer(hours(48)), kNow);
  EXPECT_THAT(refused, HasCode(Code::kInvalidArgument));
  EXPECT_THAT(refused, HasReason("ttl"));
  EXPECT_EQ(refused.error().message(), "requested TTL 3h0m0s is greater than the max allowed TTL 2h0m0s");
  EXPECT_THAT(DecideValidity(2 * kHour + 1, rules, Issuer(hours(48)), kNow), HasReason("ttl"));
  ASSERT_OK_AND_ASSIGN(const Validity equal, DecideValidity(2 * kHour, rules, Issuer(hours(48)), kNow));
  EXPECT_EQ(equal.not_after, kNow + hours(2));
}

TEST(PolicyConformance, Case43_NotAfterIsClampedToTheIssuers) {
  const LifetimeRules rules = Rules(hours(1), hours(24));
  ASSERT_OK_AND_ASSIGN(const Validity clamped, DecideValidity(2 * kHour, rules, Issuer(hours(1)), kNow));
  EXPECT_EQ(clamped.not_after, kNow + hours(1));
  ASSERT_OK_AND_ASSIGN(const Validity below, DecideValidity(kHour / 2, rules, Issuer(hours(1)), kNow));
  EXPECT_EQ(below.not_after, kNow + minutes(30));
}

TEST(PolicyConformance, Case44_ExpiredIssuerIssuesNothing) {
  for (const seconds left : {seconds(0), seconds(-1), seconds(-100'000)}) {
    const auto refused = DecideValidity(kHour, Rules(hours(1), hours(2)), Issuer(left), kNow);
    EXPECT_THAT(refused, HasCode(Code::kUnavailable)) << left.count();
    EXPECT_THAT(refused, HasReason("issuer_expired")) << left.count();
  }
}

TEST(PolicyConformance, Case45_DefaultIsReducedToWhatTheChainHasLeft) {
  const IssuerValidity issuer{kNow - hours(1), kNow + hours(1000), kNow + hours(3)};
  ASSERT_OK_AND_ASSIGN(const Validity validity, DecideValidity(0, Rules(hours(24), hours(48)), issuer, kNow));
  EXPECT_EQ(validity.not_after, kNow + hours(3));
}

TEST(PolicyConformance, Case46_ExtremesDoNotOverflow) {
  const LifetimeRules rules = Rules(hours(1), hours(24));
  const auto most = DecideValidity(std::numeric_limits<std::int64_t>::max(), rules, Issuer(hours(48)), kNow);
  EXPECT_THAT(most, HasCode(Code::kInvalidArgument));
  EXPECT_EQ(most.error().message(), "requested TTL 2562047788015215h30m7s is greater than the max allowed TTL 24h0m0s");
  ASSERT_OK_AND_ASSIGN(const Validity least,
                       DecideValidity(std::numeric_limits<std::int64_t>::min(), rules, Issuer(hours(48)), kNow));
  EXPECT_EQ(least.not_after, kNow + hours(1));
}

TEST(DecideValidityTest, BelowTheMinimumIsRefused) {
  const LifetimeRules rules = Rules(hours(1), hours(2));
  for (const std::int64_t requested : {1, 120, 299}) {
    const auto refused = DecideValidity(requested, rules, Issuer(hours(48)), kNow);
    EXPECT_THAT(refused, HasCode(Code::kInvalidArgument)) << requested;
    EXPECT_THAT(refused, HasReason("ttl_minimum")) << requested;
  }
  EXPECT_TRUE(DecideValidity(300, rules, Issuer(hours(48)), kNow).ok());
}

TEST(DecideValidityTest, IssuerWithLessThanTheMinimumLeftIsUnavailable) {
  const LifetimeRules rules = Rules(hours(1), hours(2));
  const auto refused = DecideValidity(kHour, rules, Issuer(seconds(299)), kNow);
  EXPECT_THAT(refused, HasCode(Code::kUnavailable));
  EXPECT_THAT(refused, HasReason("issuer_expiring"));
  EXPECT_TRUE(DecideValidity(kHour, rules, Issuer(seconds(300)), kNow).ok());
  const IssuerValidity short_chain{kNow - hours(1), kNow + hours(1000), kNow + minutes(4)};
  EXPECT_THAT(DecideValidity(kHour, rules, short_chain, kNow), HasReason("issuer_expiring"));
}

TEST(DecideValidityTest, NeverOutsideTheIssuersValidity) {
  const LifetimeRules rules = Rules(hours(1), hours(2));
  const IssuerValidity young{kNow - seconds(5), kNow + hours(9), kNow + hours(9)};
  ASSERT_OK_AND_ASSIGN(const Validity validity, DecideValidity(0, rules, young, kNow));
  EXPECT_EQ(validity.not_before, kNow - seconds(5));
  const IssuerValidity unborn{kNow + seconds(5), kNow + hours(9), kNow + hours(9)};
  EXPECT_THAT(DecideValidity(0, rules, unborn, kNow), HasReason("issuer_not_yet_valid"));
}

TEST(DecideValidityTest, WholeSeconds) {
  ASSERT_OK_AND_ASSIGN(const Validity validity, DecideValidity(kHour, Rules(hours(1), hours(2)), Issuer(hours(9)),
                                                               kNow + std::chrono::milliseconds(999)));
  EXPECT_EQ(validity.not_before, kNow - minutes(2));
  EXPECT_EQ(validity.not_after, kNow + hours(1));
}

TEST(GoDurationTest, PrintsAsGo) {
  EXPECT_EQ(GoDuration(0), "0s");
  EXPECT_EQ(GoDuration(59), "59s");
  EXPECT_EQ(GoDuration(90), "1m30s");
  EXPECT_EQ(GoDuration(3600), "1h0m0s");
  EXPECT_EQ(GoDuration(2160 * 3600 + 61), "2160h1m1s");
}

TEST(Lifetime, RulesMayShortenInsteadOfRefusing) {
  LifetimeRules rules = Rules(hours(1), hours(2));
  rules.shorten = true;
  ASSERT_OK_AND_ASSIGN(const Validity validity, DecideValidity(2 * kHour + 1, rules, Issuer(hours(24)), kNow));
  EXPECT_EQ(validity.not_after, kNow + hours(2));
  EXPECT_THAT(DecideValidity(299, rules, Issuer(hours(24)), kNow), HasReason("ttl_minimum"));
}

}  // namespace
}  // namespace rootkeep
