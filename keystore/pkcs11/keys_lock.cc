#include "keystore/pkcs11/keys_lock.h"

#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {

Result<KeysLock> KeysLock::Take(Mutex& mutex, const Quirks& quirks, KeyAccess access, Deadline deadline) {
  const bool disturbs = quirks.making_disturbs_finding && access == KeyAccess::kChange;
  const bool disturbed = quirks.making_disturbs_finding && access == KeyAccess::kFind;
  std::unique_lock alone(mutex.mutex_, std::defer_lock);
  std::shared_lock beside(mutex.mutex_, std::defer_lock);
  bool taken = true;
  if (quirks.keys_stay_loaded || disturbs) {
    taken = alone.try_lock_until(deadline);
  } else if (disturbed) {
    taken = beside.try_lock_until(deadline);
  }
  if (taken) {
    if (alone) mutex.since_ = std::chrono::steady_clock::now().time_since_epoch().count();
    return KeysLock(mutex, std::move(alone), std::move(beside));
  }
  return Unavailable("the deadline passed while others had the token's keys").WithReason(kReasonDeadline);
}

KeysLock::~KeysLock() {
  if (alone_.owns_lock()) mutex_->since_ = 0;
}

}  // namespace rootkeep::pkcs11
