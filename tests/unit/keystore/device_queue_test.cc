#include "keystore/device_queue.h"

#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

TEST(DeviceQueue, LetsOneInAtFirst) {
  DeviceQueue queue;
  EXPECT_EQ(queue.limit(), 1U);
  const auto first = queue.Admit(After(seconds(10)));
  ASSERT_THAT(first, IsOk());
  const auto second = queue.Admit(After(milliseconds(20)));
  EXPECT_THAT(second, HasCode(Code::kUnavailable));
  EXPECT_THAT(second, HasReason("deadline"));
}

TEST(DeviceQueue, NeverAdmitsAfterTheDeadline) {
  DeviceQueue queue;
  EXPECT_THAT(queue.Admit(std::chrono::steady_clock::now()), HasReason("deadline"));
}

TEST(DeviceQueue, GivesTheTicketToWhoeverWaits) {
  DeviceQueue queue;
  auto first = std::make_unique<Result<DeviceQueue::Ticket>>(queue.Admit(After(seconds(10))));
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_THAT(queue.Admit(After(seconds(10))), IsOk());
    admitted = true;
  });
  EXPECT_FALSE(admitted);
  first.reset();
  waiter.join();
  EXPECT_TRUE(admitted);
  EXPECT_THAT(queue.Admit(After(seconds(1))), IsOk());
}

TEST(DeviceQueue, RefusesWhenTooManyWait) {
  DeviceQueue queue({.max_waiting = 0});
  const auto first = queue.Admit(After(seconds(10)));
  const auto refused = queue.Admit(After(seconds(10)));
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason("queue_full"));
}

TEST(DeviceQueue, HasRoomAgainAfterAWaiterGaveUp) {
  DeviceQueue queue({.max_waiting = 1});
  {
    const auto first = queue.Admit(After(seconds(10)));
    for (int i = 0; i < 3; ++i) EXPECT_THAT(queue.Admit(After(milliseconds(5))), HasReason("deadline"));
  }
  EXPECT_THAT(queue.Admit(After(seconds(1))), IsOk());
}

// Threads that use a pretended device; how many were in it at once, and how often each got in.
struct Load {
  explicit Load(unsigned threads) : turns(threads) {}

  template <typename Device>
  void Run(DeviceQueue& queue, milliseconds time, Device&& device) {
    const Deadline end = After(time);
    std::vector<std::thread> threads;
    for (auto& mine : turns) {
      threads.emplace_back([&] {
        while (std::chrono::steady_clock::now() < end) {
          auto ticket = queue.Admit(After(seconds(10)));
          if (!ticket.ok()) {
            ++errors;
            continue;
          }
          const unsigned now_inside = ++inside;
          if (now_inside > most_inside) most_inside = now_inside;
          device();
          --inside;
          ++mine;
          ticket->Completed();
        }
      });
    }
    for (auto& thread : threads) thread.join();
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

TEST(DeviceQueue, StaysWithinTheDevicesLimit) {
  DeviceQueue queue({.max_concurrency = 3, .window = milliseconds(5), .window_completions = 5});
  Load load(8);
  load.Run(queue, milliseconds(500), [] { WaitFor(milliseconds(1)); });
  EXPECT_LE(load.most_inside, 3U);
  EXPECT_EQ(load.errors, 0U);
}

TEST(DeviceQueue, FindsOutHowParallelADeviceIs) {
  DeviceQueue queue({.max_concurrency = 16, .window = milliseconds(10), .window_completions = 8});
  Load load(12);
  load.Run(queue, milliseconds(1500), [] { WaitFor(milliseconds(1)); });
  EXPECT_GE(queue.limit(), 4U);
}

// Threads that never wait in the queue, because only as many of them run as it has tickets; as a daemon's do.
unsigned LimitFoundByObedientThreads(milliseconds in_device, milliseconds elsewhere) {
  DeviceQueue queue({.max_concurrency = 8, .window = milliseconds(10), .window_completions = 4});
  std::vector<std::jthread> threads;
  const Deadline end = After(milliseconds(1500));
  for (unsigned i = 0; i < 8; ++i) {
    threads.emplace_back([&queue, end, in_device, elsewhere, i] {
      while (std::chrono::steady_clock::now() < end) {
        WaitFor(i < queue.limit() ? elsewhere : milliseconds(1));
        if (i >= queue.limit()) continue;
        auto ticket = queue.Admit(end + seconds(1));
        WaitFor(in_device);
        ticket->Completed();
      }
    });
  }
  threads.clear();
  return queue.limit();
}

TEST(DeviceQueue, FindsOutThoughNobodyWaitsInIt) {
  EXPECT_GE(LimitFoundByObedientThreads(milliseconds(2), milliseconds(0)), 3U);
}

TEST(DeviceQueue, DoesNotGrowWhereTheDeviceIsNotTheBottleneck) {
  EXPECT_EQ(LimitFoundByObedientThreads(milliseconds(1), milliseconds(3)), 1U);
}

TEST(DeviceQueue, ServesEverybody) {
  DeviceQueue queue({.max_concurrency = 1});
  Load load(4);
  load.Run(queue, milliseconds(500), [] {});
  for (const unsigned mine : load.turns) EXPECT_GT(mine, 10U);
  EXPECT_EQ(load.most_inside, 1U);
}

}  // namespace
}  // namespace rootkeep
