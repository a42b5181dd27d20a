#include "tools/rootkeep-agent/certificate_threads.h"

#include <condition_variable>
#include <mutex>

#include "keystore/base/guard.h"

namespace rootkeep::agent {
namespace {

constexpr std::chrono::milliseconds kPeriod{500};

}  // namespace

void CertificateThreads::Start(std::function<std::unique_ptr<CertificateKeeper>(const std::stop_token& stop)> make) {
  threads_.emplace_back([make = std::move(make)](const std::stop_token& stop) {
    std::unique_ptr<CertificateKeeper> keeper;
    std::condition_variable_any wake;
    std::mutex mutex;
    while (!stop.stop_requested()) {
      RunGuarded("certificate_exception", [&] {
        if (keeper == nullptr) keeper = make(stop);
        keeper->Round();
      });
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kPeriod, [] { return false; });
    }
  });
}

}  // namespace rootkeep::agent
