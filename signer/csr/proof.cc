// Proof of possession: the request's signature over its own information.
#include "keystore/base/openssl.h"
#include "keystore/public_key.h"
#include "signer/csr/csr.h"
#include "signer/csr/direct_verify.h"
#include "signer/csr/errors.h"

namespace rootkeep {
namespace {

Hash HashOf(CsrSignature signature) {
  switch (signature) {
    case CsrSignature::kEcdsaSha256:
    case CsrSignature::kRsaSha256: return Hash::kSha256;
    case CsrSignature::kEcdsaSha384:
    case CsrSignature::kRsaSha384: return Hash::kSha384;
    case CsrSignature::kEcdsaSha512:
    case CsrSignature::kRsaSha512: return Hash::kSha512;
    case CsrSignature::kEd25519: return Hash::kNone;
  }
  return Hash::kNone;
}

Status VerifyEd25519(const SubjectKey& key, ByteView message, ByteView signature) {
  const ossl::PKey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.point.data(), key.point.size()));
  const ossl::MdCtx ctx(EVP_MD_CTX_new());
  if (pkey == nullptr || ctx == nullptr ||
      EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestVerifyInit");
  }
  if (EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(), message.size()) != 1) {
    ossl::ClearErrors();
    return csr::BadSignature("the request's signature does not verify");
  }
  return Ok();
}

}  // namespace

Status VerifyProofOfPossession(const Csr& csr) {
  RK_TRY(const SubjectKey key, ParseSubjectKey(csr.spki));
  const Hash hash = HashOf(csr.signature_algorithm);
  if (hash == Hash::kNone) return VerifyEd25519(key, csr.info(), csr.signature);
  RK_TRY(const Bytes digest, Digest(hash, csr.info()));
  if (key.kind == SubjectKeyKind::kRsa) return csr::VerifyRsa(key, hash, digest, csr.signature);
  return csr::VerifyEcdsa(key, digest, csr.signature);
}

}  // namespace rootkeep
