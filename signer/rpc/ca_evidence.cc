#include "signer/rpc/ca_evidence.h"

#include "keystore/base/guard.h"
#include "keystore/evidence/key_evidence.h"

namespace rootkeep {

Result<std::shared_ptr<const CaEvidence>> CaEvidenceStore::Get(const Authority& authority, Deadline deadline) {
  const WallTime now = clock_.Now();
  {
    const MutexLock lock(mutex_);
    std::erase_if(entries_, [now](const auto& item) { return item.second.until <= now; });
    if (const auto found = entries_.find(authority.certificate_fingerprint()); found != entries_.end()) {
      return found->second.evidence;
    }
    if (busy_) {
      return ResourceExhausted("the evidence is being made for another call")
          .WithReason("evidence_busy")
          .WithRetryAfter(std::chrono::milliseconds(200));
    }
    busy_ = true;
  }
  Result<std::shared_ptr<const CaEvidence>> made = Unavailable("exception").WithReason("exception");
  RunGuarded("evidence_exception", [&] { made = Make(authority, now, deadline); });
  const MutexLock lock(mutex_);
  busy_ = false;
  if (made.ok()) entries_.insert_or_assign(authority.certificate_fingerprint(), Entry{*made, now + kFresh});
  return made;
}

Result<std::shared_ptr<const CaEvidence>> CaEvidenceStore::Make(const Authority& authority, WallTime now,
                                                                Deadline deadline) {
  auto evidence = std::make_shared<CaEvidence>();
  evidence->certificate = authority.certificate_der();
  evidence->voucher = VoucherText(authority.signer().info().voucher);
  RK_TRY(evidence->statement, WriteEvidence(authority.signer(), now, deadline));
  return std::shared_ptr<const CaEvidence>(std::move(evidence));
}

}  // namespace rootkeep
