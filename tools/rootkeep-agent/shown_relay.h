// How the relay is, where operators of the agent look: log, /readyz and /metrics.
#pragma once

#include <string>

#include "signer/node/refusal_log.h"
#include "signer/ops/readiness.h"
#include "tools/relay/observer.h"
#include "tools/rootkeep-agent/metrics.h"

namespace rootkeep::agent {

// Thread-safe.
class ShownRelay final : public relay::Observer {
 public:
  // Both outlive this.
  ShownRelay(Readiness& readiness, AgentMetrics& metrics) : readiness_(readiness), metrics_(metrics) {}

  // All are counted. Of what goes wrong, which anybody can cause, the log shows so many a minute, and with the next
  // line how many it left out.
  void Answered(const relay::AnsweredCall& call) noexcept override;
  void Refused(const relay::RefusedConnection& connection) noexcept override;
  void CaReached(bool reached) noexcept override;
  // Why it does not serve; empty: it does.
  void Report(const std::string& trouble) { readiness_.Report("relay", trouble); }

 private:
  Readiness& readiness_;
  AgentMetrics& metrics_;
  RefusalLog unanswered_;
  RefusalLog refused_;
};

}  // namespace rootkeep::agent
