// What no verifier of an attestation can leave out: the public-key operations alone, as fast as OpenSSL does them when
// every key is decoded and every digest computed before.
#pragma once

#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

// A signature that is checked again and again.
class SignatureFloor {
 public:
  // Of a fresh P-256 key.
  static Result<SignatureFloor> OfP256();
  // Of `certificate` (DER), which the key in `issuer` signed.
  static Result<SignatureFloor> OfCertificate(ByteView certificate, ByteView issuer);

  [[nodiscard]] bool Verify() const;

 private:
  static Result<SignatureFloor> Of(const ossl::PKey& key, ByteView digest, ByteView signature);

  ossl::PKeyCtx ctx_;
  Bytes digest_;
  Bytes signature_;
};

// For one thread.
class AttestFloor {
 public:
  // `ek_chain` as Machine::EkChain has it.
  static Result<AttestFloor> Create(const std::vector<Bytes>& ek_chain);

  // Two certificates of the EK's chain; one secret for the EK, which is an OAEP for RSA, and a fresh key and ECDH for
  // ECC; the three signatures of certificate request, quote and certification.
  Status Run() const;

 private:
  [[nodiscard]] bool EncryptForEk() const;
  [[nodiscard]] bool AgreeWithEk() const;

  std::vector<SignatureFloor> signatures_;
  ossl::PKey ek_;
};

}  // namespace rootkeep::bench
