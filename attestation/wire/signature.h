// A signature as a TPM returns it: TPMT_SIGNATURE (Part 2 §11.3.4).
#pragma once

#include <variant>

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {

// Octets of an RSA modulus and of a coordinate or scalar of the largest key that is read: RSA 4096, P-521.
inline constexpr std::size_t kMaxRsaSize = 512;
inline constexpr std::size_t kMaxEccSize = 66;
// Octets of the longest TPMT_SIGNATURE that is read.
inline constexpr std::size_t kMaxSignatureSize = 2 + 2 + 2 + kMaxRsaSize;

// Of RSASSA and RSAPSS.
struct RsaSignature {
  Bytes octets;

  friend bool operator==(const RsaSignature&, const RsaSignature&) = default;
};

// Of ECDSA and ECDAA. Big-endian and as the TPM wrote them: leading zero octets may be there or be missing.
struct EccSignature {
  Bytes r;
  Bytes s;

  friend bool operator==(const EccSignature&, const EccSignature&) = default;
};

struct Signature {
  Algorithm scheme = Algorithm::kNull;
  Algorithm hash = Algorithm::kNull;
  std::variant<RsaSignature, EccSignature> value;

  friend bool operator==(const Signature&, const Signature&) = default;
};

// Schemes RSASSA, RSAPSS, ECDSA and ECDAA with a hash function known here; no part of a signature is empty. The
// alternative of `value` is the scheme's. Whether scheme and hash fit the key is the caller's to judge.
// INVALID_ARGUMENT kReasonStructure.
Result<Signature> ParseSignature(ByteView tpmt_signature);
Bytes Encode(const Signature& signature);

}  // namespace rootkeep::attestation
