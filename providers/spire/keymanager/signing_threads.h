// On which thread a signature is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"

namespace rootkeep::spire {

// gRPC has few threads for calls, and a hand-off costs as much as a signature: so a quick token signs on the thread
// that brought the call, and a slow one, or one that has not answered soon, on threads of ours. Thread-safe. Waits at
// its end for the work under way.
class SigningThreads {
 public:
  enum class Outcome : std::uint8_t {
    kSigned,
    kFailed,   // for good
    kNotDone,  // and may be tried again; only where `again` is true
  };
  // What is to be done by then.
  using Work = std::function<Outcome(Deadline deadline, bool again)>;

  // Of a signature on gRPC's thread: from when on it is given to ours.
  static constexpr std::chrono::milliseconds kSoon{20};
  // A token that takes longer is slow, until it is this quick again.
  static constexpr std::chrono::milliseconds kSlow{5};
  static constexpr std::chrono::milliseconds kQuick{2};

  // `threads` are started when work is there for them, and stay.
  SigningThreads(unsigned threads, std::size_t max_waiting) : most_(threads), max_waiting_(max_waiting) {}
  SigningThreads(const SigningThreads&) = delete;
  SigningThreads& operator=(const SigningThreads&) = delete;
  ~SigningThreads();

  // False when it is not done and will not be: too much waits.
  bool Run(Work work, Deadline deadline);

 private:
  struct Job {
    Work work;
    Deadline deadline;
  };

  bool TryHere(const Work& work, Deadline deadline);
  // How quick the token is; a failure says nothing of that.
  void Learn(Outcome outcome, std::chrono::steady_clock::duration took);
  bool Hand(Job job);
  bool StartThread() RK_REQUIRES(mutex_);
  void Serve();

  const std::size_t most_;
  const std::size_t max_waiting_;
  std::atomic<bool> slow_{false};
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> waiting_ RK_GUARDED_BY(mutex_);
  std::size_t idle_ RK_GUARDED_BY(mutex_) = 0;
  bool ending_ RK_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::spire
