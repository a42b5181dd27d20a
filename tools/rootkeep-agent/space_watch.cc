#include "tools/rootkeep-agent/space_watch.h"

#include <fmt/format.h>

#include "keystore/base/log.h"

namespace rootkeep::agent {
namespace {

constexpr std::chrono::seconds kLookDeadline{2};
// Less than one part of so many is free, and less than some hundred keys need.
constexpr std::uint64_t kNearlyFull = 10;
constexpr std::uint64_t kRoomEnough = 1 << 20;  // octets

bool IsNearlyFull(const DeviceSpace& space) {
  return space.free < space.total / kNearlyFull && space.free < kRoomEnough;
}

}  // namespace

void SpaceWatch::Look(const std::string& token, KeyStore& store) {
  SpaceProbe* probe = store.space();
  if (probe == nullptr) return;
  const auto space = probe->Space(After(kLookDeadline));
  // What is wrong with the token others find out.
  if (space.ok() && *space) Tell(token, **space);
}

void SpaceWatch::Tell(const std::string& token, const DeviceSpace& space) {
  metrics_.SetTokenSpace(token, space);
  const std::string component = fmt::format("space of token {}", token);
  if (!IsNearlyFull(space)) {
    if (nearly_full_.erase(token) == 0) return;
    reports_.Remove(component);
    log::Info("token_has_room", {{"token", token}, {"free", space.free}, {"total", space.total}});
    return;
  }
  const std::string detail = fmt::format("{} of {} octets are free for keys", space.free, space.total);
  reports_.Warn(component, detail);
  if (nearly_full_.insert(token).second) {
    log::Warning("token_nearly_full", {{"token", token}, {"detail", detail}});
  }
}

}  // namespace rootkeep::agent
