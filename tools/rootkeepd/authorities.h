// The configured authorities: those that are loaded and those that wait for their token.
#pragma once

#include <set>
#include <string>

#include "signer/bundle/served_authorities.h"
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
  Authorities(const Hardware& hardware, const KeyWatch& keys, ServedAuthorities& served, Readiness& readiness,
              Metrics& metrics)
      : hardware_(hardware), keys_(keys), served_(served), readiness_(readiness), metrics_(metrics) {}

  // Loads every authority of `config`. Those whose token is away are reported not ready and tried again by Retry; any
  // other fault is returned, ServedAuthorities::Use's too, and then nothing has changed.
  Status Load(const config::Config& config, WallTime now);

  // Serves no longer those whose key the catalogue has forbidden meanwhile; Retry tries them again, perhaps with a
  // newer key.
  void DropForbidden();

  // Tries those that are still away.
  void Retry(WallTime now);

  // Reports authorities whose key is missing, those that have expired or have too little life left to issue, and trust
  // domains in which none may sign.
  void ReportServed(WallTime now);

 private:
  // Whether an authority that serves was loaded from this entry and under these terms.
  [[nodiscard]] bool Unchanged(const config::Authority& entry, const AuthorityTerms& terms) const;
  void Report(const std::string& name, const std::string& reason);
  void ReportUnsigned();
  // Whether they serve.
  bool TakeBack(const AuthoritySet::List& all, const std::set<std::string>& back);

  void LogLoaded(const Authority& authority) const;

  const Hardware& hardware_;
  const KeyWatch& keys_;
  ServedAuthorities& served_;
  Readiness& readiness_;
  Metrics& metrics_;
  AuthorityTerms terms_;
  std::vector<config::Authority> configured_;
  std::set<std::string> waiting_;
  std::set<std::string> unsigned_;  // trust domains reported so
};

}  // namespace rootkeep
