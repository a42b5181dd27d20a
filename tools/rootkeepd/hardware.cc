#include "tools/rootkeepd/hardware.h"

#include <fmt/format.h>

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kProbeDeadline{2};

}  // namespace

Result<Hardware> Hardware::Open(const config::Config& config) {
  Hardware hardware(config);
  for (const config::Token& entry : config.tokens) {
    auto token = hardware.opener_->Open(entry);
    if (!token.ok()) return std::move(token).error().Within(fmt::format("prepare token {}", entry.name));
    hardware.tokens_[entry.name] = std::move(*token);
  }
  return hardware;
}

void Hardware::Probe(Readiness& readiness, Metrics& metrics) {
  for (const auto& [name, token] : tokens_) {
    HealthProbe* probe = token->health();
    if (probe == nullptr) continue;
    const Status status = probe->Probe(After(kProbeDeadline));
    if (status.ok()) {
      up_.insert(name);
    } else {
      up_.erase(name);
    }
    metrics.SetTokenUp(name, status.ok());
    readiness.Report("token " + name, status.ok() ? "" : status.error().ToString());
  }
}

}  // namespace rootkeep
