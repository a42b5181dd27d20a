// Whether tokens have room for more keys: told before they have none.
#pragma once

#include <set>
#include <string>

#include "keystore/key_store.h"
#include "tools/hardware/reports.h"
#include "tools/rootkeep-agent/metrics.h"

namespace rootkeep::agent {

// Used by one thread.
class SpaceWatch {
 public:
  // Both outlive this.
  SpaceWatch(HardwareReports& reports, AgentMetrics& metrics) : reports_(reports), metrics_(metrics) {}

  // Asks the token, which answers, for its space. Warns, in the log once and in /readyz for as long as it lasts, while
  // less than a tenth and less than a MiB is free. Quiet about tokens that do not say.
  void Look(const std::string& token, KeyStore& store);

 private:
  void Tell(const std::string& token, const DeviceSpace& space);

  HardwareReports& reports_;
  AgentMetrics& metrics_;
  std::set<std::string> nearly_full_;
};

}  // namespace rootkeep::agent
