// Who is next, when several callers want the same device: urgent work first, and callers in turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace rootkeep {

enum class Priority : std::uint8_t {
  kInteractive,  // somebody's program, or this one's own certificate, cannot go on without it
  kIssuance,     // certificates asked for online
  kBulk,         // whatever can be done later
};
inline constexpr std::size_t kPriorities = 3;

// Whose work it is, and how urgent. Within a priority every flow gets its turn, however much another has queued.
struct Share {
  Priority priority = Priority::kIssuance;
  std::string flow;  // names a caller
};

// Holds what waits. A less urgent item waits behind at most kPatience more urgent ones, so that none starves. Grows as
// it is fed: whoever feeds it keeps the bounds. Not thread-safe.
template <typename T>
class FairQueue {
 public:
  static constexpr unsigned kPatience = 16;

  void Push(const Share& share, T item) {
    Class& to = classes_[static_cast<std::size_t>(share.priority)];
    auto [flow, fresh] = to.flows.try_emplace(share.flow);
    flow->second.push_back(std::move(item));
    // The map's nodes stay where they are, so that the turn can point at one.
    if (fresh) to.turn.push_back(&*flow);
    ++size_;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // One of the items, for what all have in common; the queue is not empty.
  [[nodiscard]] const T& Any() const {
    for (const Class& one : classes_) {
      if (!one.turn.empty()) return one.turn.front()->second.front();
    }
    std::abort();
  }

  // The next item; the queue is not empty.
  T Pop() {
    Class& from = Next();
    auto* const flow = from.turn.front();
    from.turn.pop_front();
    T item = std::move(flow->second.front());
    flow->second.pop_front();
    if (flow->second.empty()) {
      from.flows.erase(flow->first);
    } else {
      from.turn.push_back(flow);
    }
    --size_;
    return item;
  }

 private:
  using Flows = std::unordered_map<std::string, std::deque<T>>;
  struct Class {
    Flows flows;  // none is empty
    std::list<typename Flows::value_type*> turn;
    unsigned passed_over = 0;
  };

  // The most urgent class that has something, unless one behind it has been passed over often enough.
  Class& Next() {
    Class* chosen = nullptr;
    for (Class& one : classes_) {
      if (one.turn.empty()) continue;
      if (chosen == nullptr || one.passed_over >= kPatience) chosen = &one;
    }
    for (Class& one : classes_) {
      if (!one.turn.empty() && &one != chosen) ++one.passed_over;
    }
    chosen->passed_over = 0;
    return *chosen;
  }

  std::array<Class, kPriorities> classes_;
  std::size_t size_ = 0;
};

}  // namespace rootkeep
