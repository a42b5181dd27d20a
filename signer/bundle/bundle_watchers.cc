#include "signer/bundle/bundle_watchers.h"

#include "keystore/base/guard.h"

namespace rootkeep {

BundleWatch::~BundleWatch() { watchers_.Remove(id_); }

std::unique_ptr<BundleWatch> BundleWatchers::Add(std::string trust_domain, Changed changed,
                                                 const std::function<BundlePtr()>& present) {
  const std::uint64_t id = next_++;
  // Before the lock: should adding it throw, its destructor takes the lock too.
  auto watch = std::make_unique<BundleWatch>(*this, id);
  const MutexLock lock(mutex_);
  if (BundlePtr bundle = present()) RunGuarded("watch_exception", [&] { changed(std::move(bundle)); });
  watchers_.emplace(id, std::pair(std::move(trust_domain), std::move(changed)));
  return watch;
}

void BundleWatchers::Tell(const BundlePtr& bundle, const std::function<void()>& show) {
  const MutexLock lock(mutex_);
  show();
  for (const auto& [id, watcher] : watchers_) {
    const auto& [trust_domain, changed] = watcher;
    if (trust_domain == bundle->trust_domain) RunGuarded("watch_exception", [&] { changed(bundle); });
  }
}

void BundleWatchers::Remove(std::uint64_t id) {
  const MutexLock lock(mutex_);
  watchers_.erase(id);
}

}  // namespace rootkeep
