// How many intents a second the ledger makes durable, and what each costs with its outcome. The database lies in the
// temporary directory, which must be on a disk for the figures to mean anything.
#include <benchmark/benchmark.h>
#include <time.h>

#include <string>
#include <utility>
#include <vector>

#include "keystore/base/mutex.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/ledger_load.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::MakeCertificate;
using testing::MakeIntent;

double ProcessCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Serials of the intents that became durable, handed over a commit at a time, as the daemon does it.
class DurableBatches {
 public:
  explicit DurableBatches(benchmark::State& state) : state_(state) {}

  void Connect(Ledger& ledger) {
    ledger.SetBatchDone([this] {
      const MutexLock lock(mutex_);
      ready_.insert(ready_.end(), batch_.begin(), batch_.end());
      batch_.clear();
      changed_.NotifyOne();
    });
  }

  Ledger::Durable For(std::size_t slot) {
    return [this, slot](const Status& status) {
      if (!status.ok()) state_.SkipWithError(status.error().message().c_str());
      batch_.push_back(slot);
    };
  }

  std::vector<std::size_t> Wait() {
    const MutexLock lock(mutex_);
    while (ready_.empty()) changed_.Wait(mutex_);
    std::vector<std::size_t> ready;
    ready.swap(ready_);
    return ready;
  }

 private:
  benchmark::State& state_;
  std::vector<std::size_t> batch_;  // the ledger's thread only
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::size_t> ready_ RK_GUARDED_BY(mutex_);
};

// `in_flight` requests, whose serials grow with time or are scattered over the index: each is intended, made durable,
// completed, and then the next takes its place.
void IntendAndComplete(benchmark::State& state) {
  const auto in_flight = static_cast<std::size_t>(state.range(0));
  const bool scattered = state.range(1) != 0;
  const testing::TempDir dir;
  auto opened = OpenLedger({.path = dir / "rootkeep.db"});
  if (!opened.ok()) return state.SkipWithError(opened.error().message().c_str());
  Ledger& ledger = **opened;
  DurableBatches durable(state);
  durable.Connect(ledger);

  struct Slot {
    std::string serial;
    Bytes certificate;
  };
  std::uint64_t number = 0;
  std::vector<Slot> slots(in_flight);
  const auto intend = [&](std::size_t slot) {
    Intent intent = MakeIntent(number++);
    if (scattered) intent.serial = testing::ScatteredSerial(number);
    slots[slot] = {intent.serial, MakeCertificate(intent)};
    const Status taken = ledger.Intend(std::move(intent), durable.For(slot));
    if (!taken.ok()) state.SkipWithError(taken.error().message().c_str());
  };
  for (std::size_t slot = 0; slot < in_flight; ++slot) intend(slot);

  const LedgerStats before = ledger.Stats();
  const double cpu_before = ProcessCpuSeconds();
  for (auto _ : state) {
    for (const std::size_t slot : durable.Wait()) {
      ledger.Complete(testing::kLedgerIssuer, slots[slot].serial, std::move(slots[slot].certificate));
      intend(slot);
    }
  }
  const double cpu = ProcessCpuSeconds() - cpu_before;
  const LedgerStats after = ledger.Stats();
  const auto intents = static_cast<double>(after.intents - before.intents);
  state.counters["intents/s"] = benchmark::Counter(intents, benchmark::Counter::kIsRate);
  state.counters["cpu_us/intent"] = cpu * 1e6 / intents;
  state.counters["batch"] = intents / static_cast<double>(after.commits - before.commits);
  opened->reset();
}
BENCHMARK(IntendAndComplete)
    ->ArgNames({"in_flight", "scattered"})
    ->Args({1, 0})
    ->Args({32, 0})
    ->Args({64, 0})
    ->Args({128, 0})
    ->Args({64, 1})
    ->UseRealTime()
    ->MinTime(4);

// What the load above costs by itself; it is inside its cpu_us/intent.
void MakeLoad(benchmark::State& state) {
  std::uint64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(MakeCertificate(MakeIntent(number++)));
}
BENCHMARK(MakeLoad)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rootkeep

BENCHMARK_MAIN();
