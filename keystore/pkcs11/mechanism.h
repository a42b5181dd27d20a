// How a SignatureScheme is asked of a token: mechanism, parameters, the input it wants and the form of its answer.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::pkcs11 {

// A CK_MECHANISM with the parameters it points to. Not copyable for that reason.
class Mechanism {
 public:
  explicit Mechanism(SignatureScheme scheme);
  Mechanism(const Mechanism&) = delete;
  Mechanism& operator=(const Mechanism&) = delete;

  // PKCS#11 functions take it as non-const and do not write to it.
  [[nodiscard]] CK_MECHANISM* get() { return &mechanism_; }

 private:
  CK_RSA_PKCS_PSS_PARAMS pss_{};
  CK_MECHANISM mechanism_{};
};

// What C_Sign is given for `input` (a digest, or Ed25519's message): for RSA PKCS#1 v1.5 the DER DigestInfo
// (RFC 8017 §9.2), otherwise the input.
Bytes TokenInput(SignatureScheme scheme, ByteView input);

// The signature in the form that Signer promises: ECDSA's r||s (PKCS#11 2.40 mechanisms §2.3.1) becomes DER.
// DATA_LOSS when the token's answer has not the form it should have.
Result<Bytes> FromToken(SignatureScheme scheme, Bytes answer);

// DER ECDSA-Sig-Value (RFC 3279 §2.2.3) of two big-endian numbers of equal size, at most 66 octets each.
Result<Bytes> EcdsaToDer(ByteView r_and_s);

}  // namespace rootkeep::pkcs11
