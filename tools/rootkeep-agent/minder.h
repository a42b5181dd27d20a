// The thread that looks after what changes by itself: tokens, what the catalogue says about their keys, and keys that
// were replaced.
#pragma once

#include <thread>

#include "tools/hardware/key_watch.h"
#include "tools/rootkeep-agent/foreign_ca_keys.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// A token that hangs holds up this thread and no signature.
class Minder {
 public:
  // All outlive it. `keys` was started.
  struct Parts {
    Hardware& hardware;
    HardwareReports& reports;
    KeyWatch& keys;
    KeyPermits& permits;
    ForeignCaKeys& foreign_ca_keys;
    std::vector<config::Token> tokens;  // that hardware has
  };
  explicit Minder(Parts parts) : parts_(std::move(parts)) { parts_.permits.Set(parts_.keys.entries()); }

  // Runs a round every kPeriod until destroyed.
  void Start();

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};
  static constexpr std::chrono::seconds kReplacedKeysPeriod{10};

  void Round();
  void LookAfterReplacedKeys();

  const Parts parts_;
  Deadline next_look_;  // at replaced keys; in the past: at once
  std::uint64_t version_ = 0;
  std::jthread thread_;
};

}  // namespace rootkeep::agent
