// JWT keys that are published into a bundle: limits and checks.
#pragma once

#include <chrono>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/trust_bundle.h"

namespace rootkeep {

inline constexpr std::size_t kMostJwtKeys = 1024;    // of one trust domain
inline constexpr std::size_t kMostJwtKeysEach = 32;  // of one publisher, so that one's excess is its own
// Its expiry takes a key out of a bundle, whoever published it, unless an operator does before.
inline constexpr std::chrono::hours kLongestJwtKey{24 * 400};
inline constexpr std::size_t kMaxKeyIdSize = 256;
inline constexpr std::size_t kMaxJwtKeySize = 4096;  // of a SubjectPublicKeyInfo

// Whether the key may be published at `now`: an id of 1 to kMaxKeyIdSize octets without control characters, one whole
// key of a type Rootkeep works with in its one canonical encoding (IsCanonicalSpki), an expiry that has not passed and
// is at most kLongestJwtKey away. INVALID_ARGUMENT with reason "jwt_key".
Status CheckJwtKey(const JwtKey& key, WallTime now);

// FAILED_PRECONDITION with reason "jwt_key_removed" when one of `records` that an operator has removed has its id or
// its key. Keys are compared by octets: CheckJwtKey lets one encoding of each in.
Status CheckNotRemoved(const JwtKey& key, const std::vector<JwtKeyRecord>& records);

// Whether it is among `present` already, by id and key. ALREADY_EXISTS with reason "jwt_key_id" when another key has
// its id; RESOURCE_EXHAUSTED with reason "jwt_keys" when it would be one too many, or its publisher has `published`
// already and that is as many as it may have.
Result<bool> IsPublished(const JwtKey& key, const std::vector<JwtKey>& present, std::size_t published);

// Whether it ends by `now`, Unix seconds.
inline bool IsExpired(const JwtKey& key, std::int64_t now) { return key.expires_at != 0 && key.expires_at <= now; }

}  // namespace rootkeep
