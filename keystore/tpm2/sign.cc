#include "keystore/tpm2/sign.h"

#include <algorithm>

#include "keystore/tpm2/handles.h"
#include "keystore/tpm2/rc.h"

namespace rootkeep::tpm2 {
namespace {

TPMI_ALG_HASH HashOf(SignatureScheme scheme) {
  switch (SchemeHash(scheme)) {
    case Hash::kSha384: return TPM2_ALG_SHA384;
    case Hash::kSha512: return TPM2_ALG_SHA512;
    default: return TPM2_ALG_SHA256;
  }
}

TPMI_ALG_SIG_SCHEME AlgorithmOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kRsaPkcs1Sha384:
    case SignatureScheme::kRsaPkcs1Sha512: return TPM2_ALG_RSASSA;
    case SignatureScheme::kRsaPssSha256:
    case SignatureScheme::kRsaPssSha384:
    case SignatureScheme::kRsaPssSha512: return TPM2_ALG_RSAPSS;
    default: return TPM2_ALG_ECDSA;
  }
}

TPMT_SIG_SCHEME SchemeOf(SignatureScheme scheme) {
  TPMT_SIG_SCHEME wanted{.scheme = AlgorithmOf(scheme), .details = {}};
  wanted.details.any.hashAlg = HashOf(scheme);
  return wanted;
}

void AppendInteger(Bytes& out, ByteView number) {
  while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  const bool pad = (number.front() & 0x80) != 0;
  out.push_back(0x02);
  out.push_back(static_cast<std::uint8_t>(number.size() + (pad ? 1 : 0)));
  if (pad) out.push_back(0);
  out.insert(out.end(), number.begin(), number.end());
}

Error NoSignature() { return {Code::kDataLoss, "TPM2_Sign gave no signature of the scheme that was asked for"}; }

// RFC 3279 §2.2.3.
Result<Bytes> ToDer(const TPMS_SIGNATURE_ECDSA& signature) {
  constexpr std::size_t kMost = 48;  // of P-384
  const TPM2B_ECC_PARAMETER& r = signature.signatureR;
  const TPM2B_ECC_PARAMETER& s = signature.signatureS;
  if (r.size == 0 || s.size == 0 || r.size > kMost || s.size > kMost) return NoSignature();
  Bytes der{0x30, 0};
  AppendInteger(der, {r.buffer, r.size});
  AppendInteger(der, {s.buffer, s.size});
  der[1] = static_cast<std::uint8_t>(der.size() - 2);  // under 0x80: 2 * (48 + 3)
  return der;
}

}  // namespace

Result<Bytes> SignDigest(ESYS_CONTEXT* esys, ESYS_TR key, ESYS_TR session, SignatureScheme scheme, ByteView digest) {
  TPM2B_DIGEST wanted{};
  if (digest.size() > sizeof wanted.buffer) return InvalidArgument("the digest is longer than any of a TPM's");
  wanted.size = static_cast<UINT16>(digest.size());
  std::ranges::copy(digest, wanted.buffer);
  const TPMT_SIG_SCHEME sig_scheme = SchemeOf(scheme);
  const TPMT_TK_HASHCHECK no_ticket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL, .digest = {}};
  EsysOut<TPMT_SIGNATURE> made;
  RK_TSS("TPM2_Sign",
         Esys_Sign(esys, key, session, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, &sig_scheme, &no_ticket, made.put()));
  if (made->sigAlg != sig_scheme.scheme) return NoSignature();
  if (made->sigAlg == TPM2_ALG_ECDSA) return ToDer(made->signature.ecdsa);
  const TPM2B_PUBLIC_KEY_RSA& rsa = made->signature.rsassa.sig;  // rsapss is the same structure
  return Bytes(rsa.buffer, rsa.buffer + rsa.size);
}

}  // namespace rootkeep::tpm2
