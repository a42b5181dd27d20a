#include "tools/rootkeep-agent/minder.h"

#include <condition_variable>
#include <mutex>

#include "keystore/base/guard.h"

namespace rootkeep::agent {

void Minder::Round() {
  hardware_.Probe(reports_);
  keys_.Round();
  if (version_ == keys_.version()) return;
  version_ = keys_.version();
  permits_.Set(keys_.entries());
}

void Minder::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::condition_variable_any wake;
    std::mutex mutex;
    while (!stop.stop_requested()) {
      RunGuarded("minder_exception", [this] { Round(); });
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kPeriod, [] { return false; });
    }
  });
}

}  // namespace rootkeep::agent
