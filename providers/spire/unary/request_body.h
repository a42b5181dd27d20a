// What a request's octets take, and how much all of a server's may.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rootkeep::spire::unary {

// Of memory, in octets, for the requests of all connections of a server. Thread-safe.
class RequestBudget {
 public:
  explicit RequestBudget(std::size_t most) : most_(most) {}

  // False, and nothing is taken, when that would be too much.
  [[nodiscard]] bool Take(std::size_t octets) noexcept {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    while (octets <= most_ - taken) {
      if (taken_.compare_exchange_weak(taken, taken + octets, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void GiveBack(std::size_t octets) noexcept { taken_.fetch_sub(octets, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> taken_{0};
};

// What came of one request. Its memory is the budget's until its end, on whichever thread that is.
class RequestBody {
 public:
  explicit RequestBody(std::shared_ptr<RequestBudget> budget) : budget_(std::move(budget)) {}
  RequestBody(RequestBody&& other) noexcept
      : budget_(other.budget_), octets_(std::exchange(other.octets_, {})), room_(std::exchange(other.room_, 0)) {}
  RequestBody& operator=(RequestBody&&) = delete;
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;
  ~RequestBody() { budget_->GiveBack(room_); }

  // False, and nothing is appended, when the budget has no room for it. Throws for want of memory.
  [[nodiscard]] bool Append(std::string_view data);
  // Gives back what it has.
  void Drop() noexcept;
  [[nodiscard]] std::string_view octets() const { return octets_; }

 private:
  const std::shared_ptr<RequestBudget> budget_;
  std::string octets_;
  std::size_t room_ = 0;  // of the budget
};

}  // namespace rootkeep::spire::unary
