// The thread that looks after what changes by itself: tokens, and what the catalogue says about their keys.
#pragma once

#include <thread>

#include "tools/hardware/key_watch.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// A token that hangs holds up this thread and no signature.
class Minder {
 public:
  // All outlive it. `keys` was started.
  Minder(Hardware& hardware, HardwareReports& reports, KeyWatch& keys, KeyPermits& permits)
      : hardware_(hardware), reports_(reports), keys_(keys), permits_(permits) {
    permits_.Set(keys_.entries());
  }

  // Runs a round every kPeriod until destroyed.
  void Start();

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};

  void Round();

  Hardware& hardware_;
  HardwareReports& reports_;
  KeyWatch& keys_;
  KeyPermits& permits_;
  std::uint64_t version_ = 0;
  std::jthread thread_;
};

}  // namespace rootkeep::agent
