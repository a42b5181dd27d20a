// Who may use the keys of a module's tokens at the same time, where that matters (Quirks).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
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
  class Mutex {
   public:
    // Whether one has had the keys to itself for ten seconds: no key takes that long to use, find, make or destroy.
    [[nodiscard]] bool Stuck(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now()) const {
      const std::int64_t since = since_.load(std::memory_order_acquire);
      return since != 0 && now.time_since_epoch() - std::chrono::steady_clock::duration(since) >= kPatience;
    }

   private:
    friend class KeysLock;
    static constexpr std::chrono::seconds kPatience{10};

    std::shared_timed_mutex mutex_;
    std::atomic<std::int64_t> since_{0};  // steady clock's ticks when it was locked for one alone; 0: it is not
  };

  // UNAVAILABLE "deadline" when others had the keys until then.
  static Result<KeysLock> Take(Mutex& mutex, const Quirks& quirks, KeyAccess access, Deadline deadline);
  KeysLock(KeysLock&& other) noexcept = default;
  KeysLock& operator=(KeysLock&&) = delete;
  ~KeysLock();

 private:
  KeysLock(Mutex& mutex, std::unique_lock<std::shared_timed_mutex> alone,
           std::shared_lock<std::shared_timed_mutex> beside)
      : mutex_(&mutex), alone_(std::move(alone)), beside_(std::move(beside)) {}

  Mutex* mutex_;
  std::unique_lock<std::shared_timed_mutex> alone_;
  std::shared_lock<std::shared_timed_mutex> beside_;
};

}  // namespace rootkeep::pkcs11
