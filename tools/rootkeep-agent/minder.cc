#include "tools/rootkeep-agent/minder.h"

#include <condition_variable>
#include <mutex>

#include "keystore/base/log.h"

namespace rootkeep::agent {

void LogReports::Answered(const std::string& name, const std::string& /*component*/, const Status& status) {
  if (status.ok() && down_.erase(name) != 0) log::Info("token_up", {{"token", name}});
  if (!status.ok() && down_.insert(name).second) {
    log::Failure("token_down", {{"token", name}, {"detail", status.error().ToString()}});
  }
}

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
      Round();
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kPeriod, [] { return false; });
    }
  });
}

}  // namespace rootkeep::agent
