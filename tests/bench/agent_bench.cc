// What counting and timing adds to a signature of the agent's.
#include <benchmark/benchmark.h>

#include "tools/rootkeep-agent/metrics.h"

namespace {

using rootkeep::agent::AgentConfig;
using rootkeep::agent::AgentMetrics;

AgentMetrics& Shared() {
  static auto& metrics = *[] {
    AgentConfig config;
    for (const char* name : {"node", "other"}) {
      config.tokens.emplace_back();
      config.tokens.back().name = name;
    }
    return new AgentMetrics(config);
  }();
  return metrics;
}

void CountSignature(benchmark::State& state) {
  AgentMetrics& metrics = Shared();
  const std::string token = "node";
  for (auto _ : state) {
    metrics.Signed(token, {.queued = std::chrono::microseconds(3), .device = std::chrono::microseconds(60)});
    metrics.Answered(rootkeep::keysocket::CallKind::kSign, "ok");
  }
}
BENCHMARK(CountSignature)->ThreadRange(1, 16)->UseRealTime();

void CountFailure(benchmark::State& state) {
  AgentMetrics& metrics = Shared();
  for (auto _ : state) metrics.Answered(rootkeep::keysocket::CallKind::kSign, "queue_full");
}
BENCHMARK(CountFailure)->ThreadRange(1, 16)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
