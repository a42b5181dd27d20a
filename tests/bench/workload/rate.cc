#include "tests/bench/workload/rate.h"

#include <atomic>
#include <thread>
#include <vector>

namespace rootkeep::bench {

using Clock = std::chrono::steady_clock;

Result<double> Rate(int threads, std::chrono::duration<double> duration,
                    const std::function<Result<Step>(int thread)>& make_step) {
  std::vector<Step> steps;
  for (int i = 0; i < threads; ++i) {
    RK_TRY(Step step, make_step(i));
    steps.push_back(std::move(step));
  }
  std::atomic<std::size_t> rounds = 0;
  std::vector<Status> statuses(steps.size());
  const auto begin = Clock::now();
  std::vector<std::jthread> workers;
  workers.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    workers.emplace_back([&, i] {
      while (statuses[i].ok() && Clock::now() < begin + duration) statuses[i] = steps[i](rounds++);
    });
  }
  workers.clear();  // joins
  const std::chrono::duration<double> spent = Clock::now() - begin;
  for (const Status& status : statuses) RK_RETURN_IF_ERROR(status);
  return static_cast<double>(rounds) / spent.count();
}

}  // namespace rootkeep::bench
