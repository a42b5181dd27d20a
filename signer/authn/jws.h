// Compact JWS (RFC 7515 §3.1) as hostile text: strict parsing, then the signature.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/public_key.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::jose {

inline constexpr std::size_t kMaxToken = 16 * 1024;

// The only algorithms there are, fixed before any key is looked at: RS256, RS384, RS512, PS256, ES256 and ES384
// (RFC 7518 §3.1). Nothing for any other name, "none" and "HS256" among them.
std::optional<SignatureScheme> SchemeOfAlgorithm(std::string_view name);

// Whether a key of this type may check signatures of this scheme: RSA from 2048 bits, ES256 with P-256 only, ES384 with
// P-384 only (RFC 7518 §3.4).
bool KeyFits(SignatureScheme scheme, KeyType type);

// A parsed token, not yet verified. `signing_input` refers to the text it was parsed from, which must outlive it.
struct Jws {
  SignatureScheme scheme = SignatureScheme::kRsaPkcs1Sha256;
  std::string algorithm;           // the name in the header
  std::optional<std::string> kid;  // RFC 7515 §4.1.4
  std::string_view signing_input;  // RFC 7515 §5.1 step 5
  nlohmann::json payload;          // an object, read strictly
  Bytes signature;
};

// Three parts of strict base64url, at most kMaxToken octets; header and payload through ParseStrictJson. A `crit` or
// `b64` header is refused (RFC 7515 §4.1.11, RFC 7797), keys in the header (`jwk`, `jku`, `x5c`) are never used.
// UNAUTHENTICATED with a token_* reason.
Result<Jws> ParseJws(std::string_view token);

// UNAUTHENTICATED with reason "token_alg" when the key does not fit, "token_signature" when the signature is wrong.
// An ECDSA signature is exactly two coordinates long (RFC 7518 §3.4).
Status VerifyJws(const Jws& jws, const PublicKey& key);

}  // namespace rootkeep::jose
