// Lets many calls be inside a module at once, and one caller wait until all have left.
#pragma once

#include <atomic>
#include <cstdint>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"

namespace rootkeep::pkcs11 {

// Entering an open gate costs one atomic operation, leaving another. Thread-safe.
class Gate {
 public:
  // Waits while the gate is closed; false when `deadline` passed first. Every true is matched by one Leave().
  [[nodiscard]] bool Enter(Deadline deadline);
  void Leave();

  // Keeps new callers out and waits for those inside. True when nobody is; the caller then calls Open(). False when
  // `deadline` passed first; the gate is open again. One caller at a time.
  [[nodiscard]] bool Close(Deadline deadline);
  void Open();

 private:
  static constexpr std::uint32_t kClosed = 1U << 31;

  [[nodiscard]] bool EnterWhenOpen(Deadline deadline);

  std::atomic<std::uint32_t> state_{0};  // kClosed, and how many are inside
  Mutex mutex_;                          // held to change kClosed and to wait
  CondVar changed_;
};

}  // namespace rootkeep::pkcs11
