#include "tools/relay/connection_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rootkeep::relay {
namespace {

constexpr std::uint32_t kBurstSeconds = 16;
constexpr std::size_t kMostAddresses = 4096;  // whose rate is remembered

RateRule RuleOf(std::uint32_t per_second) {
  return {.per_minute = per_second * 60, .burst = per_second * kBurstSeconds};
}

// What has an address's share.
std::string KeyOf(const PeerAddress& peer) {
  constexpr unsigned kNetworkBits = 64;
  if (IsLoopback(peer)) return "loopback";
  return IsMapped(peer) ? ToText(peer) : ToText(Beginning(peer, kNetworkBits)) + "/64";
}

std::uint32_t ShareOf(std::uint32_t all, std::uint32_t part) { return std::max<std::uint32_t>(1, all / part); }

}  // namespace

ConnectionRules::ConnectionRules(Networks clients, ConnectionLimits limits)
    : clients_(std::move(clients)),
      places_({.all = limits.open, .each = ShareOf(limits.open, 4)}),
      each_(RuleOf(ShareOf(limits.per_second, 2)), kMostAddresses),
      all_(RuleOf(limits.per_second), 1) {}

Result<std::shared_ptr<void>> ConnectionRules::Admit(const PeerAddress& peer, Deadline now) {
  if (!clients_.Holds(peer)) {
    return PermissionDenied(fmt::format("{} is none of the relay's clients", ToText(peer))).WithReason("client");
  }
  const std::string key = KeyOf(peer);
  auto place = places_.Take(key);
  if (place == nullptr) {
    return ResourceExhausted(fmt::format("too many connections are open, or of {}", key)).WithReason("connections");
  }
  RK_RETURN_IF_ERROR(each_.Take(key, now));
  RK_RETURN_IF_ERROR(all_.Take("", now));
  return place;
}

}  // namespace rootkeep::relay
