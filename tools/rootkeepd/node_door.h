// Node attestation as the daemon runs it: what it owns for it, and in which order that ends.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/snapshot.h"
#include "signer/node/node_attestor.h"
#include "signer/node/workers.h"
#include "signer/rpc/node_attestation_service.h"
#include "tools/config/config.h"

namespace rootkeep {

// Thread-safe but for Stop.
class NodeDoor {
 public:
  // All outlive the door.
  struct Parts {
    std::string database_path;  // with the schema in place
    Issuer& issuer;
    Metrics& metrics;
    const Clock& clock;
    std::function<bool(ByteView)> is_server_identity;
  };

  // `config.attestation` is there. Errors as config::MakeNodeRules and NodeStore::Open.
  static Result<std::unique_ptr<NodeDoor>> Open(const config::Config& config, Parts parts);

  [[nodiscard]] QueuedService& service() { return service_; }

  // From now on nodes are judged so; attempts under way by what they began with.
  void Use(std::shared_ptr<const NodeRules> rules) { rules_.Set(std::move(rules)); }

  // Counts nodes for the metrics, now and then; called by the keeper.
  void Round(WallTime now);

  // After the server, before the issuer: what was begun is ended.
  void Stop() { workers_.Stop(); }

 private:
  NodeDoor(std::unique_ptr<NodeStore> nodes, std::shared_ptr<const NodeRules> rules, const config::Config& config,
           Parts parts);

  Metrics& metrics_;
  const std::unique_ptr<NodeStore> nodes_;
  Snapshot<NodeRules> rules_;
  NodeAttestor attestor_;
  Workers workers_;
  NodeAttestationService service_;
  Deadline count_at_;
  // With those of before, of which there is none any more.
  decltype(NodeStandings::counts) counted_;
  decltype(NodeStandings::oldest_evidence) oldest_;
};

}  // namespace rootkeep
