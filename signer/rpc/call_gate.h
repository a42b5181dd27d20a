// Between calls that are answered whenever and queues that end.
#pragma once

#include <shared_mutex>

namespace rootkeep {

// gRPC's server ends when its connections have; an issuance may be answered after that, and nothing must be asked of a
// queue or a server that is gone. Thread-safe.
class CallGate {
 public:
  // Held while something is asked of gRPC for a call; false when the gate is closed and nothing may be asked.
  class Pass {
   public:
    explicit Pass(CallGate& gate) : lock_(gate.mutex_), open_(!gate.closed_) {}
    explicit operator bool() const { return open_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    bool open_;
  };

  // For good; returns when no pass is held.
  void Close() {
    const std::unique_lock lock(mutex_);
    closed_ = true;
  }

 private:
  std::shared_mutex mutex_;
  bool closed_ = false;
};

}  // namespace rootkeep
