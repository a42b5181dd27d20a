// Proof of possession: the request's signature over its own information.
#include <optional>

#include "keystore/base/openssl.h"
#include "keystore/public_key.h"
#include "signer/csr/csr.h"
#include "signer/csr/direct_verify.h"
#include "signer/csr/errors.h"
#include "signer/p256/batch.h"

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

// A check that can be made beside others of its kind.
struct Pending {
  std::size_t index = 0;  // in the caller's list
  SubjectKey key;
  Bytes digest;
};

Result<std::optional<Pending>> ToPending(std::size_t index, const Csr& csr) {
  const Hash hash = HashOf(csr.signature_algorithm);
  if (csr.key_kind != SubjectKeyKind::kEcP256 || hash == Hash::kNone) return std::optional<Pending>();
  RK_TRY(const SubjectKey key, ParseSubjectKey(csr.spki));
  RK_TRY(Bytes digest, Digest(hash, csr.info()));
  return std::optional(Pending{index, key, std::move(digest)});
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

std::vector<Status> VerifyProofsOfPossession(std::span<const Csr* const> csrs) {
  std::vector<Status> results(csrs.size(), Internal("not checked"));
  std::vector<Pending> pending;
  pending.reserve(csrs.size());
  for (std::size_t i = 0; i < csrs.size(); ++i) {
    auto one = ToPending(i, *csrs[i]);
    if (!one.ok()) {
      results[i] = std::move(one).error();
    } else if (one->has_value()) {
      pending.push_back(*std::move(*one));
    } else {
      results[i] = VerifyProofOfPossession(*csrs[i]);
    }
  }
  std::vector<p256::Claim> claims;
  claims.reserve(pending.size());
  for (const Pending& one : pending) claims.push_back({one.key.point, one.digest, csrs[one.index]->signature});
  std::vector<p256::Verdict> verdicts(claims.size(), p256::Verdict::kFailed);
  p256::VerifyMany(claims, verdicts);
  for (std::size_t i = 0; i < pending.size(); ++i) results[pending[i].index] = csr::StatusOf(verdicts[i]);
  return results;
}

std::size_t BestProofBatch() { return p256::BestBatch(); }

}  // namespace rootkeep
