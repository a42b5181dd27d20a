// Threads under load on pretended devices: limits held, concurrency found, nobody starved.
#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "keystore/device_queue.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr DeviceWork kEc = DeviceWork::Signature(KeyType::kEcP256);
const Share kNobody{};

DeviceQueueOptions Options(unsigned max_concurrency) {
  return {.meter = {.max_concurrency = max_concurrency, .window = milliseconds(10), .window_completions = 4}};
}

// Threads that use a pretended device; how many were in it at once, and how often each got in.
struct Load {
  explicit Load(unsigned threads) : turns(threads) {}

  template <typename Device>
  void Run(DeviceQueue& queue, milliseconds time, Device&& device) {
    const Deadline end = After(time);
    std::vector<std::jthread> threads;
    for (auto& mine : turns) {
      threads.emplace_back([&] {
        while (std::chrono::steady_clock::now() < end) {
          auto ticket = queue.Admit({.work = kEc, .share = kNobody, .deadline = After(seconds(10))});
          if (!ticket.ok()) {
            ++errors;
            continue;
          }
          const unsigned now_inside = ++inside;
          if (now_inside > most_inside) most_inside = now_inside;
          device();
          --inside;
          ++mine;
          ticket->Completed(std::chrono::steady_clock::now());
        }
      });
    }
    threads.clear();
  }

  std::vector<unsigned> turns;
  std::atomic<unsigned> inside{0};
  std::atomic<unsigned> most_inside{0};
  std::atomic<unsigned> errors{0};
};

void WaitFor(milliseconds time) {
  // As a distant device does: the thread waits, the processor is free.
  Mutex mutex;
  CondVar never;
  const MutexLock lock(mutex);
  const Deadline end = After(time);
  while (never.WaitUntil(mutex, end)) {
  }
}

TEST(DeviceLoad, StaysWithinTheDevicesLimit) {
  DeviceQueue queue(Options(3));
  Load load(8);
  load.Run(queue, milliseconds(500), [] { WaitFor(milliseconds(1)); });
  EXPECT_LE(load.most_inside, 3U);
  EXPECT_EQ(load.errors, 0U);
}

TEST(DeviceLoad, FindsOutHowParallelADeviceIs) {
  DeviceQueue queue(Options(16));
  Load load(12);
  load.Run(queue, milliseconds(1500), [] { WaitFor(milliseconds(1)); });
  EXPECT_GE(queue.limit(kEc), 4U);
}

// Threads that never wait in the queue, because only as many of them run as it has tickets; as a daemon's do.
unsigned LimitFoundByObedientThreads(milliseconds in_device, milliseconds elsewhere) {
  DeviceQueue queue(Options(8));
  std::vector<std::jthread> threads;
  const Deadline end = After(milliseconds(1500));
  for (unsigned i = 0; i < 8; ++i) {
    threads.emplace_back([&queue, end, in_device, elsewhere, i] {
      while (std::chrono::steady_clock::now() < end) {
        WaitFor(i < queue.limit(kEc) ? elsewhere : milliseconds(1));
        if (i >= queue.limit(kEc)) continue;
        auto ticket = queue.Admit({.work = kEc, .share = kNobody, .deadline = end + seconds(1)});
        WaitFor(in_device);
        ticket->Completed(std::chrono::steady_clock::now());
      }
    });
  }
  threads.clear();
  return queue.limit(kEc);
}

TEST(DeviceLoad, FindsOutThoughNobodyWaitsInTheQueue) {
  EXPECT_GE(LimitFoundByObedientThreads(milliseconds(2), milliseconds(0)), 3U);
}

// However seldom this machine lets a thread run.
TEST(DeviceLoad, ServesEverybody) {
  DeviceQueue queue(Options(1));
  std::array<std::atomic<unsigned>, 4> turns{};
  std::atomic<bool> enough{false};
  std::vector<std::jthread> threads;
  for (auto& mine : turns) {
    threads.emplace_back([&] {
      while (!enough) {
        auto ticket = queue.Admit({.work = kEc, .share = kNobody, .deadline = After(seconds(30))});
        if (!ticket.ok()) break;
        ticket->Completed(std::chrono::steady_clock::now());
        ++mine;
      }
    });
  }
  EXPECT_TRUE(
      testing::Eventually([&] { return std::ranges::all_of(turns, [](const auto& mine) { return mine > 50; }); }));
  enough = true;
}

}  // namespace
}  // namespace rootkeep
