// JWT keys that are published into a bundle: limits and checks.
#pragma once

#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/bundle/trust_bundle.h"

namespace rootkeep {

inline constexpr std::size_t kMostJwtKeys = 256;  // of one trust domain
inline constexpr std::size_t kMaxKeyIdSize = 256;
inline constexpr std::size_t kMaxJwtKeySize = 4096;  // of a SubjectPublicKeyInfo

// Whether the key may be published at `now`: an id of 1 to kMaxKeyIdSize octets without control characters, one whole
// key of a type Rootkeep works with, not expired. INVALID_ARGUMENT with reason "jwt_key".
Status CheckJwtKey(const JwtKey& key, WallTime now);

// Whether it is among `present` already, by id and key. ALREADY_EXISTS with reason "jwt_key_id" when another key has
// its id; RESOURCE_EXHAUSTED with reason "jwt_keys" when it would be one too many.
Result<bool> IsPublished(const JwtKey& key, const std::vector<JwtKey>& present);

// Whether it ends by `now`, Unix seconds.
inline bool IsExpired(const JwtKey& key, std::int64_t now) { return key.expires_at != 0 && key.expires_at <= now; }

}  // namespace rootkeep
