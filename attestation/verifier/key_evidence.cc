#include "attestation/verifier/key_evidence.h"

#include <algorithm>

#include "attestation/verifier/ak_rules.h"
#include "attestation/verifier/certify.h"
#include "attestation/verifier/node_key.h"
#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {

Result<Bytes> CheckKeyEvidence(const KeyEvidence& evidence, ByteView ak_name) {
  RK_RETURN_IF_ERROR(CheckSizes(evidence));
  RK_TRY(const AttestationKey ak, CheckAk(evidence.ak_public));
  if (ak_name.empty() || !std::ranges::equal(ak.name, ak_name)) return Failure(reason::kKeyEvidenceAk);
  RK_TRY(NodeKey key, CheckNodeKey(evidence.key_public));
  RK_RETURN_IF_ERROR(CheckNodeKeyAuth(key, NodeKeyRules()));
  RK_TRY(const Bytes signer, QualifiedNameOfPrimary(kEndorsementHierarchy, ak.area.name_alg, ak.name));
  RK_TRY(const Bytes nonce, KeyEvidenceNonce());
  const AttestEvidence certification{.certify_attest = evidence.certify_attest,
                                     .certify_signature = evidence.certify_signature};
  RK_RETURN_IF_ERROR(
      CheckCertify(ak, certification,
                   {.nonce = nonce, .qualified_signer = signer, .name = key.name, .qualified_name = std::nullopt}));
  return std::move(key.spki);
}

}  // namespace rootkeep::attestation
