// A JWK set (RFC 7517 §5): the keys of one token issuer at one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "signer/authn/jwk.h"
#include "signer/authn/jws.h"

namespace rootkeep::jose {

inline constexpr std::size_t kMaxJwkSet = 1024 * 1024;  // octets of JSON
inline constexpr std::size_t kMaxKeys = 64;

// Immutable; thread-safe.
class JwkSet {
 public:
  // Keys that ParseJwk refuses are left out, as RFC 7517 §5 asks; skipped() says how many. The whole set is refused
  // when it is not strict JSON, larger than kMaxJwkSet or kMaxKeys, or holds private or symmetric key material: whoever
  // published that must be told, and the key is no longer a secret. A set without any key is valid: that is how an
  // issuer takes its last key back. INVALID_ARGUMENT, with reason "jwks_private_key" where that is the cause.
  static Result<JwkSet> Parse(std::string_view text);

  // The one key that `jws` names by kid and algorithm; without a kid, the only key that fits the algorithm.
  // UNAUTHENTICATED with reason "token_key_unknown" (a refresh may help), "token_alg" (the key with that kid is for
  // something else) or "token_key_ambiguous".
  [[nodiscard]] Result<const Jwk*> Select(const Jws& jws) const;

  [[nodiscard]] const std::vector<Jwk>& keys() const { return keys_; }
  [[nodiscard]] std::size_t skipped() const { return skipped_; }

 private:
  std::vector<Jwk> keys_;
  std::size_t skipped_ = 0;
};

}  // namespace rootkeep::jose
