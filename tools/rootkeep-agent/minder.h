// The thread that looks after what changes by itself: tokens and their space, what the catalogue says about their keys,
// and keys that were replaced.
#pragma once

#include <thread>

#include "tools/hardware/key_watch.h"
#include "tools/rootkeep-agent/foreign_ca_keys.h"
#include "tools/rootkeep-agent/key_permits.h"
#include "tools/rootkeep-agent/space_watch.h"

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
    SpaceWatch& space;
    std::vector<config::Token> tokens;  // that hardware has
  };
  explicit Minder(Parts parts) : parts_(std::move(parts)) { parts_.permits.Set(parts_.keys.entries()); }

  // Runs a round every kPeriod until destroyed.
  void Start();

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};
  static constexpr std::chrono::seconds kTokensPeriod{10};

  void Round();
  void LookAtTokens();

  const Parts parts_;
  Deadline next_look_;  // at replaced keys and at space; in the past: at once
  std::uint64_t version_ = 0;
  std::jthread thread_;
};

}  // namespace rootkeep::agent
