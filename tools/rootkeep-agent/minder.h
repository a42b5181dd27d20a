// The thread that looks after what changes by itself: tokens and their space, whether their keys are those of the
// catalogue, and keys that were replaced.
#pragma once

#include <thread>

#include "tools/hardware/key_watch.h"
#include "tools/rootkeep-agent/foreign_ca_keys.h"
#include "tools/rootkeep-agent/space_watch.h"

namespace rootkeep::agent {

// A token that hangs holds up this thread and no signature; what may be signed with is PermitWatch's affair.
class Minder {
 public:
  // All outlive it. `keys` was started.
  struct Parts {
    Hardware& hardware;
    HardwareReports& reports;
    KeyWatch& keys;
    ForeignCaKeys& foreign_ca_keys;
    SpaceWatch& space;
    std::vector<config::Token> tokens;  // that hardware has
  };
  explicit Minder(Parts parts) : parts_(std::move(parts)) {}

  // Runs a round every kPeriod until destroyed.
  void Start();

 private:
  static constexpr std::chrono::milliseconds kPeriod{200};
  static constexpr std::chrono::seconds kTokensPeriod{10};

  void Round();
  void LookAtTokens();

  const Parts parts_;
  Deadline next_look_;  // at replaced keys and at space; in the past: at once
  std::jthread thread_;
};

}  // namespace rootkeep::agent
