// Where workloads run: what decides whether a node may ask for a certificate in a workload's name.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

// A node name means something only inside its cluster.
struct NodeRef {
  std::string_view cluster;
  std::string_view node;
};

// Thread-safe. Answers from memory: called on every impersonated request, never blocks on the network.
class Placement {
 public:
  Placement() = default;
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  virtual ~Placement() = default;

  // Whether a workload of this identity runs on that node, as far as the source knows now. UNAVAILABLE while the
  // source has not answered yet; the caller refuses then.
  [[nodiscard]] virtual Result<bool> RunsOn(const SpiffeId& workload, const NodeRef& where) const = 0;
};

}  // namespace rootkeep
