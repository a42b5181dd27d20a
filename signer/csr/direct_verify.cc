// The header says why these deprecated functions; nothing else in the tree uses them on requests.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "signer/csr/direct_verify.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "keystore/base/openssl.h"
#include "signer/csr/errors.h"

namespace rootkeep::csr {
namespace {

using EcKey = ossl::Owned<EC_KEY, EC_KEY_free>;
using RsaKey = ossl::Owned<RSA, RSA_free>;

// One a thread: making it, with its group's tables, costs more than filling it.
EC_KEY* P384Holder() {
  static thread_local const EcKey p384(EC_KEY_new_by_curve_name(NID_secp384r1));
  return p384.get();
}

int HashNid(Hash hash) {
  switch (hash) {
    case Hash::kSha256: return NID_sha256;
    case Hash::kSha384: return NID_sha384;
    case Hash::kSha512: return NID_sha512;
    case Hash::kNone: return NID_undef;
  }
  return NID_undef;
}

Error DoesNotVerify() {
  ossl::ClearErrors();
  return BadSignature("the request's signature does not verify");
}

Error NotOnItsCurve() {
  ossl::ClearErrors();
  return BadKey("the key's point is not on its curve");
}

Status VerifyP384(ByteView point, ByteView digest, ByteView signature) {
  EC_KEY* holder = P384Holder();
  if (holder == nullptr) return ossl::TakeError(Code::kInternal, "EC_KEY_new_by_curve_name");
  if (EC_KEY_oct2key(holder, point.data(), point.size(), nullptr) != 1) return NotOnItsCurve();
  const int verdict = ECDSA_verify(0, digest.data(), static_cast<int>(digest.size()), signature.data(),
                                   static_cast<int>(signature.size()), holder);
  return verdict == 1 ? Ok() : Status(DoesNotVerify());
}

}  // namespace

Status StatusOf(p256::Verdict verdict) {
  switch (verdict) {
    case p256::Verdict::kGood: return Ok();
    case p256::Verdict::kBad: return DoesNotVerify();
    case p256::Verdict::kBadKey: return NotOnItsCurve();
    case p256::Verdict::kFailed: break;
  }
  return Internal("the request's signature could not be checked");
}

Status VerifyEcdsa(const SubjectKey& key, ByteView digest, ByteView signature) {
  if (key.kind == SubjectKeyKind::kEcP256) return StatusOf(p256::VerifyOnce(key.point, digest, signature));
  return VerifyP384(key.point, digest, signature);
}

Status VerifyRsa(const SubjectKey& key, Hash hash, ByteView digest, ByteView signature) {
  const RsaKey rsa(RSA_new());
  ossl::BigNum modulus(BN_bin2bn(key.modulus.data(), static_cast<int>(key.modulus.size()), nullptr));
  ossl::BigNum exponent(BN_bin2bn(key.exponent.data(), static_cast<int>(key.exponent.size()), nullptr));
  if (rsa == nullptr || modulus == nullptr || exponent == nullptr ||
      RSA_set0_key(rsa.get(), modulus.get(), exponent.get(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "RSA_set0_key");
  }
  static_cast<void>(modulus.release());  // RSA_set0_key took both
  static_cast<void>(exponent.release());
  const int verdict = RSA_verify(HashNid(hash), digest.data(), static_cast<unsigned>(digest.size()), signature.data(),
                                 static_cast<unsigned>(signature.size()), rsa.get());
  return verdict == 1 ? Ok() : Status(DoesNotVerify());
}

}  // namespace rootkeep::csr
