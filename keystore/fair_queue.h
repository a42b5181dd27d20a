// Who is next, when several callers want the same device: urgent work first, and callers in turn.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "keystore/share.h"

namespace rootkeep {

// Holds what waits. What cannot be pushed for want of memory leaves the queue as it was; taking out needs none. A less
// urgent item waits behind at most kPatience more urgent ones, so that none starves. Grows as it is fed: whoever feeds
// it keeps the bounds. Not thread-safe.
template <typename T>
class FairQueue {
 public:
  static constexpr unsigned kPatience = 16;

  void Push(const Share& share, T item) {
    Class& to = ClassOf(share);
    auto [flow, fresh] = to.flows.try_emplace(share.flow);
    try {
      flow->second.push_back(std::move(item));
      // The map's nodes stay where they are, so that the turn can point at one.
      if (fresh) to.turn.push_back(&*flow);
    } catch (...) {
      // For want of memory: a flow without a turn would keep its caller's next items for ever.
      if (fresh) to.flows.erase(flow);
      throw;
    }
    ++size_;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // How many items wait in this flow.
  [[nodiscard]] std::size_t SizeOf(const Share& share) const {
    const Flows& flows = ClassOf(share).flows;
    const auto flow = flows.find(share.flow);
    return flow == flows.end() ? 0 : flow->second.size();
  }

  // One of the items, for what all have in common; the queue is not empty.
  [[nodiscard]] const T& Any() const {
    for (const Class& one : classes_) {
      if (!one.turn.empty()) return one.turn.front()->second.front();
    }
    std::abort();
  }

  // An item of the only flow in which something waits; null when there are several, or none.
  [[nodiscard]] const T* OnlyFlow() const {
    const T* only = nullptr;
    for (const Class& one : classes_) {
      for (const auto* flow : one.turn) {
        if (only != nullptr) return nullptr;
        only = &flow->second.front();
      }
    }
    return only;
  }

  // Whether something waits that is more urgent than this.
  [[nodiscard]] bool HasMoreUrgent(Priority priority) const {
    for (std::size_t i = 0; i < static_cast<std::size_t>(priority); ++i) {
      if (!classes_[i].turn.empty()) return true;
    }
    return false;
  }

  // The next item; the queue is not empty.
  T Pop() {
    return *PopNext([](const T&) { return true; });
  }

  // The next item that `fits`, or null. Valid until the queue changes.
  template <typename Fits>
  const T* Next(Fits&& fits) {
    const auto [from, flow] = Find(fits);
    return from == nullptr ? nullptr : &(*flow)->second.front();
  }

  // Takes the next item that `fits` out; nothing when none does. A flow's items keep their order, so that one that does
  // not fit holds up those behind it in its flow.
  template <typename Fits>
  std::optional<T> PopNext(Fits&& fits) {
    const auto [from, turn] = Find(fits);
    if (from == nullptr) return std::nullopt;
    for (Class& one : classes_) {
      if (!one.turn.empty() && &one != from) ++one.passed_over;
    }
    from->passed_over = 0;
    auto* const flow = *turn;
    T item = std::move(flow->second.front());
    flow->second.pop_front();
    if (flow->second.empty()) {
      from->turn.erase(turn);
      from->flows.erase(from->flows.find(flow->first));
    } else {
      from->turn.splice(from->turn.end(), from->turn, turn);
    }
    --size_;
    return item;
  }

  // Takes this item, which waits in the flow of `share`, out of the middle.
  void Remove(const Share& share, const T& item) {
    Class& from = ClassOf(share);
    const auto flow = from.flows.find(share.flow);
    flow->second.erase(std::find(flow->second.begin(), flow->second.end(), item));
    --size_;
    if (!flow->second.empty()) return;
    from.turn.remove(&*flow);
    from.flows.erase(flow);
  }

  // At least so many of the items that `count` are popped before one that were pushed for `share` now. More will be,
  // when more urgent work comes.
  template <typename Count>
  [[nodiscard]] std::size_t Ahead(const Share& share, Count&& count) const {
    const std::size_t mine = SizeOf(share);
    const std::size_t turns = std::max<std::size_t>(mine, 1);  // that every other flow has before it
    std::size_t ahead = mine;
    const Class& own = ClassOf(share);
    for (const auto* flow : own.turn) {
      if (flow->first != share.flow && count(flow->second.front())) ahead += std::min(flow->second.size(), turns);
    }
    std::size_t urgent = 0;
    for (const Class* one = classes_.data(); one != &own; ++one) {
      for (const auto* flow : one->turn) urgent += count(flow->second.front()) ? flow->second.size() : 0;
    }
    const std::size_t patience = kPatience * (ahead + 1);
    return ahead + std::min(urgent, patience - std::min<std::size_t>(own.passed_over, patience));
  }

 private:
  using Flows = std::unordered_map<std::string, std::deque<T>>;
  using Turn = std::list<typename Flows::value_type*>;
  struct Class {
    Flows flows;  // none is empty
    Turn turn;
    unsigned passed_over = 0;
  };

  [[nodiscard]] const Class& ClassOf(const Share& share) const {
    return classes_[static_cast<std::size_t>(share.priority)];
  }
  [[nodiscard]] Class& ClassOf(const Share& share) { return classes_[static_cast<std::size_t>(share.priority)]; }

  // The most urgent class that has something that fits, unless one behind it has been passed over often enough; and
  // the flow in it whose turn it is.
  template <typename Fits>
  std::pair<Class*, typename Turn::iterator> Find(Fits&& fits) {
    std::pair<Class*, typename Turn::iterator> chosen{};
    for (Class& one : classes_) {
      if (one.turn.empty() || (chosen.first != nullptr && one.passed_over < kPatience)) continue;
      const auto flow =
          std::find_if(one.turn.begin(), one.turn.end(), [&fits](auto* each) { return fits(each->second.front()); });
      if (flow != one.turn.end()) chosen = {&one, flow};
    }
    return chosen;
  }

  std::array<Class, kPriorities> classes_;
  std::size_t size_ = 0;
};

}  // namespace rootkeep
