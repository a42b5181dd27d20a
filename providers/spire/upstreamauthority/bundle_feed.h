// The newest trust bundle, for all streams to SPIRE.
#pragma once

#include <memory>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "proto/rootkeep/v1/certificate_authority.pb.h"

namespace rootkeep::spire {

using BundlePtr = std::shared_ptr<const v1::TrustBundle>;

// Thread-safe. Outlives configurations, because streams do.
class BundleFeed {
 public:
  // A bundle that an answer brought: taken when its sequence is greater than the current one's.
  void Offer(const v1::TrustBundle& bundle);
  // The first of a watch: taken whatever its sequence, because the daemon may have been restored from a backup; unless
  // an answer has brought a newer one since the watch began, when `before` was current.
  void Restart(const v1::TrustBundle& bundle, const BundlePtr& before);

  // Null: none has come yet.
  [[nodiscard]] BundlePtr Current() const;
  // The current one as soon as it is not `seen`, or at `until`, or when the feed is closed.
  [[nodiscard]] BundlePtr WaitForOther(const BundlePtr& seen, Deadline until) const;

  // SPIRE lets go: from here on nothing waits.
  void Close();
  [[nodiscard]] bool closed() const;
  // Returns at `until`, or when the feed is closed.
  void Pause(Deadline until) const;

  // While one lives, roots are told by the stream that it belongs to.
  class LocalSubscription {
   public:
    explicit LocalSubscription(BundleFeed& feed) : feed_(feed) { feed_.Count(+1); }
    LocalSubscription(const LocalSubscription&) = delete;
    LocalSubscription& operator=(const LocalSubscription&) = delete;
    ~LocalSubscription() { feed_.Count(-1); }

   private:
    BundleFeed& feed_;
  };
  [[nodiscard]] bool HasLocalSubscription() const;
  // What such a stream has told last; null: nothing yet.
  void NoteTold(const BundlePtr& bundle);
  [[nodiscard]] BundlePtr Told() const;

 private:
  void Take(const v1::TrustBundle& bundle) RK_REQUIRES(mutex_);
  void Count(int change);

  mutable Mutex mutex_;
  mutable CondVar changed_;
  BundlePtr current_ RK_GUARDED_BY(mutex_);
  BundlePtr told_ RK_GUARDED_BY(mutex_);
  bool closed_ RK_GUARDED_BY(mutex_) = false;
  int local_subscriptions_ RK_GUARDED_BY(mutex_) = 0;
};

}  // namespace rootkeep::spire
