// How the relay is, where operators of the agent look: log, /readyz and /metrics.
#pragma once

#include <string>

#include "signer/ops/readiness.h"
#include "tools/relay/observer.h"
#include "tools/rootkeep-agent/metrics.h"

namespace rootkeep::agent {

// Thread-safe.
class ShownRelay final : public relay::Observer {
 public:
  // Both outlive this.
  ShownRelay(Readiness& readiness, AgentMetrics& metrics) : readiness_(readiness), metrics_(metrics) {}

  void Answered(const relay::AnsweredCall& call) noexcept override;
  void CaReached(bool reached) noexcept override;
  // Why it does not serve; empty: it does.
  void Report(const std::string& trouble) { readiness_.Report("relay", trouble); }

 private:
  Readiness& readiness_;
  AgentMetrics& metrics_;
};

}  // namespace rootkeep::agent
