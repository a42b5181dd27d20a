// Work that a polling thread puts off while more events wait for it, because several are done together for less.
#pragma once

#include <functional>
#include <utility>

namespace rootkeep {

// One for each queue, used on its polling thread only, for one service.
class Deferred {
 public:
  // What Run shall do next, which throws nothing; an empty function takes it back.
  void Set(std::function<void()> work) {
    work_ = std::move(work);
    passed_ = 0;
  }
  [[nodiscard]] bool pending() const { return work_ != nullptr; }
  // Called when no event is there, and by Passed.
  void Run() {
    if (const auto work = std::exchange(work_, nullptr)) work();
  }
  // Called after each event: a queue that is never empty, whoever keeps it so, does not hold up the work.
  void Passed() {
    if (pending() && ++passed_ >= kMostEvents) Run();
  }

  static constexpr unsigned kMostEvents = 32;

 private:
  std::function<void()> work_;
  unsigned passed_ = 0;  // events since it was set
};

}  // namespace rootkeep
