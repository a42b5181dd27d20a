// Callers of a DeviceQueue, for its tests.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "keystore/device_queue.h"
#include "tests/support/eventually.h"

namespace rootkeep::testing {

inline constexpr DeviceWork kEc = DeviceWork::Signature(KeyType::kEcP256);
inline constexpr DeviceWork kRsa = DeviceWork::Signature(KeyType::kRsa2048);
inline const Share kNobody{};

inline DeviceRequest Request(Deadline deadline, DeviceWork work = kEc, const Share& share = kNobody) {
  return {.work = work, .share = share, .deadline = deadline};
}

inline DeviceRequest Soon(DeviceWork work = kEc) { return Request(After(std::chrono::seconds(10)), work); }

// Those who wait, in the order in which they get in.
class Waiting {
 public:
  explicit Waiting(DeviceQueue& queue) : queue_(queue) {}

  // One more caller, who is in the queue when this returns.
  void Add(const std::string& name, const Share& share, DeviceWork work = kEc) {
    const std::size_t before = queue_.waiting();
    threads_.emplace_back([this, name, share, work] {
      const auto ticket = queue_.Admit(Request(After(std::chrono::seconds(60)), work, share));
      const MutexLock lock(mutex_);
      order_.push_back(ticket.ok() ? name : ticket.error().ToString());
    });
    ASSERT_TRUE(Eventually([&] { return queue_.waiting() > before; }));
  }

  // When all have been in.
  std::vector<std::string> Order() {
    threads_.clear();
    const MutexLock lock(mutex_);
    return order_;
  }

 private:
  DeviceQueue& queue_;
  Mutex mutex_;
  std::vector<std::string> order_ RK_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;
};

using Held = std::unique_ptr<Result<DeviceQueue::Ticket>>;
inline Held Hold(DeviceQueue& queue, DeviceWork work = kEc) {
  return std::make_unique<Result<DeviceQueue::Ticket>>(queue.Admit(Soon(work)));
}

}  // namespace rootkeep::testing
