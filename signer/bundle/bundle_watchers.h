// Who is told of changes to trust bundles.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "keystore/base/mutex.h"
#include "signer/bundle/trust_bundle.h"

namespace rootkeep {

using BundlePtr = std::shared_ptr<const TrustBundle>;

class BundleWatchers;

// Ends with its destructor, after which no call is under way or comes. Must go before its TrustBundles.
class BundleWatch {
 public:
  BundleWatch(BundleWatchers& watchers, std::uint64_t id) : watchers_(watchers), id_(id) {}
  ~BundleWatch();
  BundleWatch(const BundleWatch&) = delete;
  BundleWatch& operator=(const BundleWatch&) = delete;

 private:
  BundleWatchers& watchers_;
  const std::uint64_t id_;
};

// Thread-safe. One call at a time, in the order in which watchers came.
class BundleWatchers {
 public:
  // Neither throws nor waits nor makes, nor drops, a watch.
  using Changed = std::function<void(BundlePtr)>;

  // Calls `changed` with what `present` gives, unless it is null, before anything else is told to it.
  std::unique_ptr<BundleWatch> Add(std::string trust_domain, Changed changed,
                                   const std::function<BundlePtr()>& present);

  // `show` makes the bundle the present one; then those who watch its trust domain are told.
  void Tell(const BundlePtr& bundle, const std::function<void()>& show);

 private:
  friend class BundleWatch;
  void Remove(std::uint64_t id);

  std::atomic<std::uint64_t> next_ = 1;
  Mutex mutex_;
  std::map<std::uint64_t, std::pair<std::string, Changed>> watchers_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
