#include "tests/bench/workload/csr_pool.h"

#include <algorithm>
#include <thread>

#include "tests/bench/workload/caller.h"
#include "tests/support/csr_builder.h"
#include "tests/support/software_key.h"

namespace rootkeep::bench {
namespace {

PreparedCsr PrepareCsr(std::string spiffe_id) {
  ossl::PKey key = testing::MakeKey("P-256");
  testing::CsrBuilder builder(key.get());
  builder.extensions = {testing::UriExtension(spiffe_id)};
  return {
      .pem = builder.Pem(), .spki = std::move(builder.spki), .key = std::move(key), .spiffe_id = std::move(spiffe_id)};
}

}  // namespace

std::vector<PreparedCsr> PrepareCsrs(const CsrPoolSpec& spec) {
  std::vector<PreparedCsr> pool(spec.count);
  const std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  for (std::size_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&pool, &spec, worker, workers] {
      for (std::size_t i = worker; i < pool.size(); i += workers) {
        pool[i] = PrepareCsr(SpiffeIdOf(CallerAccount(i % spec.callers), spec.trust_domain));
      }
    });
  }
  threads.clear();  // joins
  return pool;
}

}  // namespace rootkeep::bench
