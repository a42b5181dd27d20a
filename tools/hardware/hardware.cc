#include "tools/hardware/hardware.h"

#include <fmt/format.h>

#include "keystore/keysocket/backend/store.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kProbeDeadline{2};

}  // namespace

Result<Hardware> Hardware::Open(TokenSurroundings surroundings, const std::vector<config::Token>& tokens,
                                const std::vector<config::KeySocketSource>& key_sockets) {
  Hardware hardware(std::move(surroundings));
  for (const config::Token& entry : tokens) {
    auto token = hardware.opener_->Open(entry);
    if (!token.ok()) return std::move(token).error().Within(fmt::format("prepare token {}", entry.name));
    hardware.sources_[entry.name] = {.store = std::move(*token), .component = "token " + entry.name};
  }
  for (const config::KeySocketSource& entry : key_sockets) {
    hardware.sources_[entry.name] = {.store = keysocket::OpenStore(entry.path),
                                     .component = "key socket " + entry.name};
  }
  return hardware;
}

void Hardware::Probe(HardwareReports& reports) {
  for (const auto& [name, source] : sources_) {
    HealthProbe* probe = source.store->health();
    if (probe == nullptr) continue;
    const Status status = probe->Probe(After(kProbeDeadline));
    if (status.ok()) {
      up_.insert(name);
    } else {
      up_.erase(name);
    }
    reports.Answered(name, source.component, status);
  }
}

}  // namespace rootkeep
