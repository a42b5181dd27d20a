#include "tools/attestation/key_evidence.h"

#include "attestation/attester/key_evidence.h"
#include "attestation/attester/store_key.h"
#include "tools/attestation/messages.h"

namespace rootkeep {

Result<std::string> EvidenceFor(std::shared_ptr<tpm2::KeyLoader> loader, std::string label, Deadline deadline) {
  tpm2::Tpm& tpm = loader->tpm();
  RK_TRY(const auto key, attestation::StoreKey::Open(std::move(loader), std::move(label), deadline));
  RK_TRY(const auto evidence, attestation::MakeKeyEvidence(tpm, *key, deadline));
  return ToProto(evidence).SerializeAsString();
}

}  // namespace rootkeep
