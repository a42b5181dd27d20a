// Who may use the keys of a module's tokens at the same time, where that matters (Quirks).
#pragma once

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep::pkcs11 {

struct Quirks;

// What an operation does: asks a key whose handle it has, looks for keys, or makes, copies or destroys one.
enum class KeyAccess { kUse, kFind, kChange };

// Hold it for the operation. Most modules need none, and it locks nothing.
class KeysLock {
 public:
  using Mutex = std::shared_timed_mutex;

  // UNAVAILABLE "deadline" when others had the keys until then.
  static Result<KeysLock> Take(Mutex& mutex, const Quirks& quirks, KeyAccess access, Deadline deadline);

 private:
  KeysLock(std::unique_lock<Mutex> alone, std::shared_lock<Mutex> beside)
      : alone_(std::move(alone)), beside_(std::move(beside)) {}

  std::unique_lock<Mutex> alone_;
  std::shared_lock<Mutex> beside_;
};

}  // namespace rootkeep::pkcs11
