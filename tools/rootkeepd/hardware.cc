#include "tools/rootkeepd/hardware.h"

#include <fmt/format.h>

#include "keystore/keysocket/backend/store.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kProbeDeadline{2};

}  // namespace

Result<Hardware> Hardware::Open(const config::Config& config) {
  Hardware hardware(config);
  for (const config::Token& entry : config.tokens) {
    auto token = hardware.opener_->Open(entry);
    if (!token.ok()) return std::move(token).error().Within(fmt::format("prepare token {}", entry.name));
    hardware.sources_[entry.name] = {.store = std::move(*token), .component = "token " + entry.name};
  }
  for (const config::KeySocketSource& entry : config.key_sockets) {
    hardware.sources_[entry.name] = {.store = keysocket::OpenStore(entry.path),
                                     .component = "key socket " + entry.name};
  }
  return hardware;
}

void Hardware::Probe(Readiness& readiness, Metrics& metrics) {
  for (const auto& [name, source] : sources_) {
    HealthProbe* probe = source.store->health();
    if (probe == nullptr) continue;
    const Status status = probe->Probe(After(kProbeDeadline));
    if (status.ok()) {
      up_.insert(name);
    } else {
      up_.erase(name);
    }
    metrics.SetTokenUp(name, status.ok());
    readiness.Report(source.component, status.ok() ? "" : status.error().ToString());
  }
}

}  // namespace rootkeep
