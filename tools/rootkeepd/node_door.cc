#include "tools/rootkeepd/node_door.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "keystore/base/log.h"
#include "tools/config/make_node_rules.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMostWaiting = 1024;  // messages of attempts
constexpr std::chrono::seconds kCountEvery{10};

unsigned WorkerThreads() { return std::clamp(std::thread::hardware_concurrency(), 2U, 8U); }

NodeAttestorLimits LimitsOf(const config::AttestationLimits& limits) {
  return {.each_network = {.per_minute = limits.per_address, .burst = limits.per_address_burst},
          .each_tpm = {.per_minute = limits.per_tpm, .burst = std::max(1U, limits.per_tpm / 2)},
          .open_attempts = limits.open};
}

}  // namespace

Result<std::unique_ptr<NodeDoor>> NodeDoor::Open(const config::Config& config, Parts parts) {
  RK_TRY(auto rules, config::MakeNodeRules(config));
  RK_TRY(auto nodes, NodeStore::Open(parts.database_path));
  return std::unique_ptr<NodeDoor>(new NodeDoor(std::move(nodes), std::move(rules), config, std::move(parts)));
}

NodeDoor::NodeDoor(std::unique_ptr<NodeStore> nodes, std::shared_ptr<const NodeRules> rules,
                   const config::Config& config, Parts parts)
    : metrics_(parts.metrics),
      nodes_(std::move(nodes)),
      rules_(std::move(rules)),
      attestor_({.nodes = *nodes_, .rules = rules_, .metrics = parts.metrics, .clock = parts.clock},
                LimitsOf(config.attestation->limits)),
      workers_(WorkerThreads(), kMostWaiting),
      service_(
          {.attestor = attestor_, .issuer = parts.issuer, .workers = workers_, .metrics = parts.metrics},
          {.is_server_identity = std::move(parts.is_server_identity), .issue_within = config.limits.request_deadline}) {
}

void NodeDoor::Round(WallTime now) {
  const Deadline moment = std::chrono::steady_clock::now();
  if (moment < count_at_) return;
  count_at_ = moment + kCountEvery;
  const auto standings = nodes_->Standings(ToUnixSeconds(now));
  if (!standings.ok()) return log::Warning("nodes_not_counted", {{"detail", standings.error().ToString()}});
  for (auto& [kind, count] : counted_) count = 0;
  for (const auto& [kind, count] : standings->counts) counted_[kind] = count;
  for (const auto& [kind, count] : counted_) metrics_.SetNodes(kind.first, kind.second, count);
  metrics_.SetNodeTimes(standings->newest_evidence, standings->first_end);
  for (auto& [group, at] : oldest_) at = 0;
  for (const auto& [group, at] : standings->oldest_evidence) oldest_[group] = at;
  for (const auto& [group, at] : oldest_) metrics_.SetOldestEvidence(group, at);
}

}  // namespace rootkeep
