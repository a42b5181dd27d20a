// Public keys as JSON Web Keys (RFC 7517, RFC 7518 §6).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "keystore/base/result.h"
#include "keystore/public_key.h"

namespace rootkeep::jose {

struct Jwk {
  std::optional<std::string> kid;
  std::optional<std::string> algorithm;  // RFC 7517 §4.4: the only one the key is for, when given
  PublicKey key;
};

// Whether `jwk` holds a member that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
bool HasPrivateMember(const nlohmann::json& jwk);

// A key for checking signatures: RSA of 2048, 3072 or 4096 bits, or EC on P-256 or P-384. INVALID_ARGUMENT for any
// other type, size or curve, a point off its curve, a key whose `use` or `key_ops` is not for verifying.
Result<Jwk> ParseJwk(const nlohmann::json& jwk);

}  // namespace rootkeep::jose
