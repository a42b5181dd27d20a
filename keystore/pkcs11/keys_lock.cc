#include "keystore/pkcs11/keys_lock.h"

#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {

Result<KeysLock> KeysLock::Take(Mutex& mutex, const Quirks& quirks, KeyAccess access, Deadline deadline) {
  const bool disturbs = quirks.making_disturbs_finding && access == KeyAccess::kChange;
  const bool disturbed = quirks.making_disturbs_finding && access == KeyAccess::kFind;
  std::unique_lock<Mutex> alone(mutex, std::defer_lock);
  std::shared_lock<Mutex> beside(mutex, std::defer_lock);
  bool taken = true;
  if (quirks.keys_stay_loaded || disturbs) {
    taken = alone.try_lock_until(deadline);
  } else if (disturbed) {
    taken = beside.try_lock_until(deadline);
  }
  if (taken) return KeysLock(std::move(alone), std::move(beside));
  return Unavailable("the deadline passed while others had the token's keys").WithReason(kReasonDeadline);
}

}  // namespace rootkeep::pkcs11
