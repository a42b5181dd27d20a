// What SPIRE wants signed, as a token signs it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/keysocket/wire/values.h"

namespace rootkeep::spire {

// As SPIRE's SignData has them; numbers are Go's crypto.Hash.
struct SignerOptions {
  int hash = 0;
  std::optional<std::int32_t>
      pss_salt_length;  // -1 the hash's length, 0 whatever fits, else octets; none: PKCS#1 or ECDSA
};

// A digest of the scheme's own size.
struct SignRequest {
  keysocket::WireScheme scheme = keysocket::WireScheme::kEcdsaSha256;
  std::array<std::uint8_t, 64> digest{};
  std::size_t size = 0;

  [[nodiscard]] keysocket::Octets view() const { return keysocket::Octets(digest).first(size); }
};

// `digest` was made with the options' hash. An EC key signs digests of every hash, as many of their leftmost bits as
// its order has (FIPS 186-4 §6.4): the leftmost octets of a longer digest, and a shorter one behind zeros, are the same
// number, whatever hash the scheme is named after. RSA keys sign SHA-256, SHA-384 and SHA-512, PSS with a salt as long
// as the hash. INVALID_ARGUMENT for what fits no such key, UNIMPLEMENTED for what this one does not offer.
Result<SignRequest> PrepareToSign(keysocket::WireType type, const SignerOptions& options, std::string_view digest);

}  // namespace rootkeep::spire
