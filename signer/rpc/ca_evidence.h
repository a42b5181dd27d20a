// What vouches for the custody of issuing keys, as clients may have it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/authority/authority.h"

namespace rootkeep {

struct CaEvidence {
  Bytes certificate;      // DER of the issuing certificate
  std::string voucher;    // VoucherText
  std::string statement;  // WriteEvidence
};

// Thread-safe. The key signs a statement at most once in kFresh, whoever asks how often, and one at a time.
class CaEvidenceStore {
 public:
  static constexpr std::chrono::minutes kFresh{5};

  // `clock` outlives this.
  explicit CaEvidenceStore(const Clock& clock) : clock_(clock) {}

  // May wait for the token until `deadline`. RESOURCE_EXHAUSTED with reason "evidence_busy" while it waits for another
  // call, so that a token that hangs holds one thread; otherwise as WriteEvidence.
  Result<std::shared_ptr<const CaEvidence>> Get(const Authority& authority, Deadline deadline);

 private:
  struct Entry {
    std::shared_ptr<const CaEvidence> evidence;
    WallTime until;
  };

  Result<std::shared_ptr<const CaEvidence>> Make(const Authority& authority, WallTime now, Deadline deadline);

  const Clock& clock_;
  Mutex mutex_;
  bool busy_ RK_GUARDED_BY(mutex_) = false;
  std::map<std::string, Entry> entries_ RK_GUARDED_BY(mutex_);  // by the certificate's fingerprint
};

}  // namespace rootkeep
