// Public halves: SubjectPublicKeyInfo in, type and fingerprint out, and signature checks in software.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"

namespace rootkeep {

// An immutable public key of a type Rootkeep works with. Thread-safe; copies share the OpenSSL key.
class PublicKey {
 public:
  // From DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). INVALID_ARGUMENT for anything that is not one whole, valid key
  // of a KeyType (a point off its curve, another curve, an RSA size that is not in the list).
  static Result<PublicKey> FromSpki(ByteView spki_der);

  [[nodiscard]] KeyType type() const { return type_; }
  // DER SubjectPublicKeyInfo, as given.
  [[nodiscard]] const Bytes& spki() const { return spki_; }
  // SHA-256 of spki(), 32 octets: the fingerprint used in every list, record and comparison.
  [[nodiscard]] const Bytes& fingerprint() const { return fingerprint_; }
  // Lower-case hexadecimal of fingerprint().
  [[nodiscard]] std::string FingerprintHex() const { return ToHex(fingerprint_); }
  // RFC 5280 §4.2.1.2 method 1: SHA-1 of the subjectPublicKey bits, 20 octets.
  [[nodiscard]] const Bytes& key_id() const { return key_id_; }
  // Borrowed; valid as long as any copy of this key.
  [[nodiscard]] EVP_PKEY* pkey() const { return pkey_.get(); }

  // Checks `signature` over the digest (or, for kEd25519, the message). DATA_LOSS when it does not verify,
  // INVALID_ARGUMENT when the scheme does not fit the key or the digest's length the scheme.
  [[nodiscard]] Status Verify(SignatureScheme scheme, ByteView input, ByteView signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.spki_ == b.spki_; }

 private:
  PublicKey() = default;

  KeyType type_ = KeyType::kEcP256;
  Bytes spki_;
  Bytes fingerprint_;
  Bytes key_id_;
  std::shared_ptr<EVP_PKEY> pkey_;
};

// The digest of `message` under `hash`. INTERNAL when OpenSSL fails; kNone returns the message.
Result<Bytes> Digest(Hash hash, ByteView message);

}  // namespace rootkeep
