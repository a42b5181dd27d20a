// What is found out about hardware, where operators of a daemon look: /readyz and /metrics.
#pragma once

#include "signer/ops/readiness.h"
#include "tools/hardware/reports.h"

namespace rootkeep {

// `Metrics` is the daemon's.
template <typename Metrics>
class ShownReports final : public HardwareReports {
 public:
  // Both outlive this.
  ShownReports(Readiness& readiness, Metrics& metrics) : readiness_(readiness), metrics_(metrics) {}

  void Answered(const std::string& name, const std::string& component, const Status& status) override {
    metrics_.SetTokenUp(name, status.ok());
    readiness_.Report(component, status.ok() ? "" : status.error().ToString());
  }
  void Warn(const std::string& component, const std::string& reason) override { readiness_.Warn(component, reason); }
  void Remove(const std::string& component) override { readiness_.Remove(component); }
  void SetKeys(const std::string& token, std::string_view state, std::size_t count) override {
    metrics_.SetKeys(token, state, count);
  }
  void SetKeyCatalogueReadable(bool readable) override { metrics_.SetKeyCatalogueReadable(readable); }

 private:
  Readiness& readiness_;
  Metrics& metrics_;
};

}  // namespace rootkeep
