// The configured authorities: those that are loaded and those that wait for their token.
#pragma once

#include <set>
#include <string>

#include "signer/authority/authority_set.h"
#include "signer/metrics/metrics.h"
#include "signer/ops/readiness.h"
#include "tools/config/config.h"
#include "tools/hardware/hardware.h"
#include "tools/rootkeepd/authority_loader.h"

namespace rootkeep {

// Not thread-safe: used by main before, and by the keeper while the daemon serves.
class Authorities {
 public:
  // All outlive this.
  Authorities(const Hardware& hardware, const KeyWatch& keys, AuthoritySet& served, Readiness& readiness,
              Metrics& metrics)
      : hardware_(hardware), keys_(keys), served_(served), readiness_(readiness), metrics_(metrics) {}

  // Loads every authority of `config`. Those whose token is away are reported not ready and tried again by Retry; any
  // other fault is returned, and then nothing has changed.
  Status Load(const config::Config& config, WallTime now);

  // Serves no longer those whose key the catalogue has forbidden meanwhile; Retry tries them again, perhaps with a
  // newer key. Whether the served set changed.
  bool DropForbidden();

  // Tries those that are still away; whether the served set changed.
  bool Retry(WallTime now);

  // Reports authorities whose key is missing, and those that have expired or have too little life left to issue.
  void ReportServed(WallTime now);

  // The roots of all loaded authorities, without extra anchors: what client certificates are verified against.
  [[nodiscard]] std::string ClientRoots() const;

 private:
  // Whether an authority that serves was loaded from this entry and under these terms.
  [[nodiscard]] bool Unchanged(const config::Authority& entry, const AuthorityTerms& terms) const;
  void Report(const std::string& name, const std::string& reason);

  void LogLoaded(const Authority& authority) const;

  const Hardware& hardware_;
  const KeyWatch& keys_;
  AuthoritySet& served_;
  Readiness& readiness_;
  Metrics& metrics_;
  AuthorityTerms terms_;
  std::vector<config::Authority> configured_;
  std::set<std::string> waiting_;
};

}  // namespace rootkeep
