// Checks, in software, every signature a CA key made, before anything with it is released.
#pragma once

#include <optional>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/public_key.h"
#include "signer/p256/ecdsa.h"

namespace rootkeep {

// For one key and scheme. Immutable and thread-safe. P-256 keys have tables of their own (signer/p256/ecdsa.h).
class SignatureChecker {
 public:
  // INVALID_ARGUMENT when the scheme does not fit the key.
  static Result<SignatureChecker> Make(PublicKey key, SignatureScheme scheme);

  // `input` as Signer::Sign took it: the digest of what was signed, or the message for kEd25519. DATA_LOSS with reason
  // "bad_signature" when `signature` is not the key's.
  [[nodiscard]] Status Check(ByteView input, ByteView signature) const;

 private:
  SignatureChecker(PublicKey key, SignatureScheme scheme, std::optional<p256::FixedKey> fixed)
      : key_(std::move(key)), scheme_(scheme), fixed_(std::move(fixed)) {}

  PublicKey key_;
  SignatureScheme scheme_;
  std::optional<p256::FixedKey> fixed_;
};

}  // namespace rootkeep
