#include "signer/issue/places.h"

#include <unordered_map>
#include <utility>

#include "keystore/base/mutex.h"

namespace rootkeep {

struct Places::Count {
  Count(unsigned in_all, unsigned each) : most(in_all), most_each(each) {}

  void GiveBack(const std::string& caller) {
    const MutexLock lock(mutex);
    --taken;
    const auto found = of_caller.find(caller);
    if (--found->second == 0) of_caller.erase(found);
  }

  const unsigned most;
  const unsigned most_each;
  Mutex mutex;
  unsigned taken RK_GUARDED_BY(mutex) = 0;
  std::unordered_map<std::string, unsigned> of_caller RK_GUARDED_BY(mutex);  // at least one each
};

Places::Places(unsigned most, unsigned most_each) : count_(std::make_shared<Count>(most, most_each)) {}

Result<std::shared_ptr<void>> Places::Take(const std::string& caller) {
  std::string name = caller;  // before anything is counted that a throw would leave counted
  {
    const MutexLock lock(count_->mutex);
    if (count_->taken >= count_->most) {
      return ResourceExhausted("too many certificates wait for this authority's key").WithReason("signing_queue");
    }
    unsigned& mine = count_->of_caller[caller];
    if (mine >= count_->most_each) {
      return ResourceExhausted("this caller has too many certificates waiting for this authority's key")
          .WithReason("caller_queue");
    }
    ++mine;
    ++count_->taken;
  }
  return std::shared_ptr<void>(nullptr, [count = count_, name = std::move(name)](void*) { count->GiveBack(name); });
}

}  // namespace rootkeep
