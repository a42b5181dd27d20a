#include "tests/bench/load/report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace rootkeep::bench {
namespace {

// `sorted` holds at least one value.
double Quantile(const std::vector<double>& sorted, double q) {
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

Result<std::string> ReportJson(const LoadResult& result, std::size_t verified_chains) {
  std::map<std::string, std::size_t> errors;
  std::vector<double> latencies;
  for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
    const Outcome& outcome = result.outcomes[i];
    if (outcome.status != 0) ++errors[outcome.status < 0 ? "connection" : std::to_string(outcome.status)];
    const bool measured = i >= result.measured_begin && i < result.measured_end;
    if (measured && outcome.status == 0) latencies.push_back(outcome.latency_ms);
  }
  const nlohmann::json error_counts(errors);
  if (latencies.empty()) {
    return FailedPrecondition("no certificate came while measuring, errors by grpc-status: " + error_counts.dump())
        .WithHint("more CSRs, when the run was exhausted in its warm-up");
  }
  std::sort(latencies.begin(), latencies.end());
  const auto count = static_cast<double>(latencies.size());
  const double other = result.cpu.machine - result.cpu.server - result.cpu.generator;
  const nlohmann::json report{{"count", latencies.size()},
                              {"errors", error_counts},
                              {"seconds", result.seconds},
                              {"rate", count / result.seconds},
                              {"p50_ms", Quantile(latencies, 0.5)},
                              {"p99_ms", Quantile(latencies, 0.99)},
                              {"generator_cpu_us", result.cpu.generator * 1e6 / count},
                              {"server_cpu_us", result.cpu.server * 1e6 / count},
                              {"other_cpu", std::max(0.0, other / result.seconds)},
                              {"exhausted", result.exhausted},
                              {"verified_chains", verified_chains}};
  return report.dump();
}

}  // namespace rootkeep::bench
