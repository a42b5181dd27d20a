// How long a certificate may live: what was asked, what the profile allows, what the issuer has left.
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// The issuer's own validity. `chain_not_after` is the earliest expiry among its certificate and the intermediates
// above it; nothing issued can be verified after that.
struct IssuerValidity {
  WallTime not_before;
  WallTime not_after;
  WallTime chain_not_after;
};

struct Validity {
  WallTime not_before;
  WallTime not_after;
};

// istio-protocol.md §2.5, in whole seconds, by integer comparison:
//  - `requested` <= 0 takes the default, reduced to what issuer and chain have left;
//  - above the maximum is INVALID_ARGUMENT "ttl", with istiod's words, or the maximum where the rules shorten; equal to
//    it is allowed;
//  - above 0 and below the minimum is INVALID_ARGUMENT "ttl_minimum";
//  - not_before is now minus the backdate, not_after is now plus the lifetime, both kept inside the issuer's validity;
//  - an issuer (or chain) with less left than the minimum is UNAVAILABLE "issuer_expiring", one that has expired
//    UNAVAILABLE "issuer_expired", one not valid yet UNAVAILABLE "issuer_not_yet_valid". istiod says INTERNAL for the
//    expired one; clients treat both alike (retried), and UNAVAILABLE is what it is.
Result<Validity> DecideValidity(std::int64_t requested, const LifetimeRules& rules, const IssuerValidity& issuer,
                                WallTime now);

// Seconds (0 and up) as Go prints a time.Duration, which is what istiod's messages hold: "3h0m0s", "1m30s", "0s".
std::string GoDuration(std::int64_t seconds);

}  // namespace rootkeep
