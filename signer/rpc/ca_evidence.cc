#include "signer/rpc/ca_evidence.h"

#include "keystore/evidence/key_evidence.h"

namespace rootkeep {

Result<std::shared_ptr<const CaEvidence>> CaEvidenceStore::Get(const Authority& authority, Deadline deadline) {
  const WallTime now = clock_.Now();
  const std::string& name = authority.certificate_fingerprint();
  {
    const MutexLock lock(mutex_);
    std::erase_if(entries_, [now](const auto& item) { return item.second.until <= now; });
    if (const auto found = entries_.find(name); found != entries_.end()) return found->second.evidence;
  }
  auto evidence = std::make_shared<CaEvidence>();
  evidence->certificate = authority.certificate_der();
  evidence->voucher = VoucherText(authority.signer().info().voucher);
  RK_TRY(evidence->statement, WriteEvidence(authority.signer(), now, deadline));
  const MutexLock lock(mutex_);
  return entries_.insert_or_assign(name, Entry{std::move(evidence), now + kFresh}).first->second.evidence;
}

}  // namespace rootkeep
