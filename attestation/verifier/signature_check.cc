#include "attestation/verifier/signature_check.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "attestation/verifier/reasons.h"
#include "attestation/wire/signature.h"

namespace rootkeep::attestation {
namespace {

using EcdsaSig = ossl::Owned<ECDSA_SIG, ECDSA_SIG_free>;

// The DER that OpenSSL verifies. Nothing when a number is 0 or longer than the curve's; OpenSSL refuses what is not
// less than the order (FIPS 186-4 §6.4).
Bytes ToDer(const EccSignature& signature, std::size_t size) {
  if (signature.r.size() > size || signature.s.size() > size) return {};
  ossl::BigNum r(BN_bin2bn(signature.r.data(), static_cast<int>(signature.r.size()), nullptr));
  ossl::BigNum s(BN_bin2bn(signature.s.data(), static_cast<int>(signature.s.size()), nullptr));
  const EcdsaSig sig(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || sig == nullptr || BN_is_zero(r.get()) == 1 || BN_is_zero(s.get()) == 1) return {};
  ECDSA_SIG_set0(sig.get(), r.release(), s.release());
  Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(sig.get(), nullptr)));
  unsigned char* out = der.data();
  i2d_ECDSA_SIG(sig.get(), &out);
  return der;
}

// What EVP_DigestVerify takes; empty when it is no signature of this key's size.
Bytes OctetsOf(const Signature& signature, const AttestationKey& ak) {
  if (const auto* rsa = std::get_if<RsaSignature>(&signature.value)) {
    const bool fits = rsa->octets.size() == static_cast<std::size_t>(EVP_PKEY_get_size(ak.key.get()));
    return fits ? rsa->octets : Bytes();
  }
  const auto* ecc = std::get_if<EccKey>(&ak.area.key);
  return ecc == nullptr ? Bytes() : ToDer(std::get<EccSignature>(signature.value), CoordinateSize(ecc->curve));
}

bool Verifies(const AttestationKey& ak, ByteView message, const Bytes& signature) {
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_ctx = nullptr;
  const bool begun =
      ctx != nullptr && EVP_DigestVerifyInit(ctx.get(), &key_ctx, HashMd(ak.scheme.hash), nullptr, ak.key.get()) == 1;
  // The salt of a TPM is as long as the digest or as the modulus allows (Part 1 §B.7).
  const bool padded = begun && (ak.scheme.algorithm != Algorithm::kRsaPss ||
                                (EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                                 EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_AUTO) == 1));
  const bool verified =
      padded && EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ossl::ClearErrors();
  return verified;
}

}  // namespace

Status CheckSignature(const AttestationKey& ak, ByteView attest, ByteView tpmt_signature,
                      const SignatureReasons& reasons) {
  const Result<Signature> signature = ParseSignature(tpmt_signature);
  if (!signature.ok()) return Failure(reasons.scheme, signature.error().message());
  if (signature->scheme == Algorithm::kEcDaa) return Failure(reasons.anonymous);
  if (signature->scheme != ak.scheme.algorithm || signature->hash != ak.scheme.hash) {
    return Failure(reasons.scheme, AlgorithmName(signature->scheme) + " with " + AlgorithmName(signature->hash));
  }
  const Bytes octets = OctetsOf(*signature, ak);
  if (octets.empty()) return Failure(reasons.scheme, "it is no signature of this key's size");
  if (!Verifies(ak, attest, octets)) return Failure(reasons.signature);
  return Ok();
}

}  // namespace rootkeep::attestation
