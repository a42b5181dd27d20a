// The thread that looks after what changes by itself: tokens, and what the catalogue says about their keys.
#pragma once

#include <set>
#include <string>
#include <thread>

#include "tools/hardware/key_watch.h"
#include "tools/rootkeep-agent/key_permits.h"

namespace rootkeep::agent {

// The log tells operators of an agent everything: a token that does not answer any more, and one that does again, are a
// line each.
class LogReports final : public HardwareReports {
 public:
  void Answered(const std::string& name, const std::string& component, const Status& status) override;
  void Warn(const std::string& /*component*/, const std::string& /*reason*/) override {}
  void Remove(const std::string& /*component*/) override {}
  void SetKeys(const std::string& /*token*/, std::string_view /*state*/, std::size_t /*count*/) override {}
  void SetKeyCatalogueReadable(bool /*readable*/) override {}

 private:
  std::set<std::string> down_;
};

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
