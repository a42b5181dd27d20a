// Keys behind key sockets: whether their agents still offer them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/hardware/hardware.h"

namespace rootkeep {

// An agent offers what was granted to this service, which says nothing about what else its tokens hold: so no row of
// the catalogue is held against it, and none becomes MISSING here. A key that was offered and is not any more is an
// alarm. Used as KeyWatch is.
class OfferedKeys {
 public:
  // The first two outlive this; `sockets` are names that hardware has.
  OfferedKeys(const Hardware& hardware, HardwareReports& reports, std::vector<std::string> sockets)
      : hardware_(hardware), reports_(reports), sockets_(std::move(sockets)) {}

  // Asks each agent that has returned, and now and then.
  void Round();
  // Why a key cannot sign now, as far as the last look told; empty: nothing known.
  [[nodiscard]] std::string Trouble(const KeyInfo& key) const;

 private:
  struct Offer {
    std::string label;
    bool gone = false;
  };
  struct Socket {
    Deadline next_look;             // in the past: at once
    std::map<Bytes, Offer> offers;  // of this process's time, by fingerprint
  };

  void Look(const std::string& name, Socket& socket);
  void Tell(const std::string& name, const Offer& offer) const;

  const Hardware& hardware_;
  HardwareReports& reports_;
  const std::vector<std::string> sockets_;
  std::map<std::string, Socket> looked_;
};

}  // namespace rootkeep
