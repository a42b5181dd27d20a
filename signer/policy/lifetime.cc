#include "signer/policy/lifetime.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {
namespace {

// All in Unix seconds.
struct Window {
  std::int64_t begin;
  std::int64_t end;
};

Status CheckRequested(std::int64_t requested, const LifetimeRules& rules) {
  if (requested <= 0) return Ok();
  if (requested > rules.max_ttl.count() && !rules.shorten) {
    return InvalidArgument(fmt::format("requested TTL {} is greater than the max allowed TTL {}", GoDuration(requested),
                                       GoDuration(rules.max_ttl.count())))
        .WithReason("ttl");
  }
  if (requested < rules.min_ttl.count()) {
    return InvalidArgument(fmt::format("requested TTL {} is less than the min allowed TTL {}", GoDuration(requested),
                                       GoDuration(rules.min_ttl.count())))
        .WithReason("ttl_minimum");
  }
  return Ok();
}

Status CheckIssuer(const Window& issuer, std::int64_t now, const LifetimeRules& rules) {
  if (issuer.begin > now) {
    return Unavailable("issuing certificate is not valid before " + ToRfc3339(FromUnixSeconds(issuer.begin)))
        .WithReason("issuer_not_yet_valid");
  }
  if (issuer.end <= now) {
    return Unavailable("issuing certificate or its chain expired at " + ToRfc3339(FromUnixSeconds(issuer.end)))
        .WithReason("issuer_expired");
  }
  if (issuer.end - now < rules.min_ttl.count()) {
    return Unavailable(fmt::format("issuing certificate or its chain expires at {}, sooner than the minimum TTL {}",
                                   ToRfc3339(FromUnixSeconds(issuer.end)), GoDuration(rules.min_ttl.count())))
        .WithReason("issuer_expiring");
  }
  return Ok();
}

}  // namespace

Result<Validity> DecideValidity(std::int64_t requested, const LifetimeRules& rules, const IssuerValidity& issuer,
                                WallTime now) {
  const std::int64_t today = ToUnixSeconds(now);
  const Window window{ToUnixSeconds(issuer.not_before),
                      ToUnixSeconds(std::min(issuer.not_after, issuer.chain_not_after))};
  RK_RETURN_IF_ERROR(CheckRequested(requested, rules));
  RK_RETURN_IF_ERROR(CheckIssuer(window, today, rules));
  const std::int64_t ttl =
      requested > 0 ? std::min<std::int64_t>(requested, rules.max_ttl.count()) : rules.default_ttl.count();
  return Validity{.not_before = FromUnixSeconds(std::max(today - rules.backdate.count(), window.begin)),
                  .not_after = FromUnixSeconds(std::min(today + ttl, window.end))};
}

std::string GoDuration(std::int64_t seconds) {
  const std::int64_t hours = seconds / 3600;
  const std::int64_t minutes = seconds / 60 % 60;
  if (hours > 0) return fmt::format("{}h{}m{}s", hours, minutes, seconds % 60);
  if (minutes > 0) return fmt::format("{}m{}s", minutes, seconds % 60);
  return fmt::format("{}s", seconds);
}

}  // namespace rootkeep
