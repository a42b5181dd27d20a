// What is written down about callers.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/keysocket/server/observer.h"
#include "keystore/keysocket/server/rules.h"

namespace rootkeep::keysocket {

// The program that a process runs, for the log only: by the time it is read the process may run another, or its number
// be another process's. Its path, or in parentheses the name that it gives itself, where the path may not be read;
// empty when neither can be.
std::string ProgramOf(pid_t pid);

// Writes denials to the log, and key creations. Thread-safe. A caller who is denied without end does not fill the disk:
// beyond kBurst lines at once and kPerSecond lines a second they are counted, and the next line says how many.
class Audit {
 public:
  static constexpr double kBurst = 100;
  static constexpr double kPerSecond = 10;

  // `observer` outlives this; null: nobody.
  explicit Audit(Observer* observer = nullptr) : observer_(observer) {}

  // `what` was asked for: "connect", "speak", "sign", "describe", "create"; `key` names what with, perhaps in the
  // caller's words.
  void Denied(const SocketOptions& socket, const Caller& caller, std::string_view what, std::string_view key,
              std::string_view why);
  static void Created(const SocketOptions& socket, const Caller& caller, std::string_view label);

  // For tests.
  [[nodiscard]] std::uint64_t denied() const;

 private:
  Observer* const observer_;
  mutable Mutex mutex_;
  double room_ RK_GUARDED_BY(mutex_) = kBurst;
  Deadline refilled_ RK_GUARDED_BY(mutex_) = std::chrono::steady_clock::now();
  std::uint64_t left_out_ RK_GUARDED_BY(mutex_) = 0;
  std::uint64_t denied_ RK_GUARDED_BY(mutex_) = 0;
};

}  // namespace rootkeep::keysocket
