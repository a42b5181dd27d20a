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
  // How long SPIRE is given to take in what one stream has told, before it may hear it on another.
  static constexpr std::chrono::seconds kTakenIn{1};

  explicit BundleFeed(std::chrono::steady_clock::duration taken_in = kTakenIn) : taken_in_(taken_in) {}

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
  // The same, and for a while after such a stream has ended just when it had told something: SPIRE may be at work on
  // it.
  [[nodiscard]] bool IsToldLocally() const;
  // What such a stream has told last; null: nothing yet. What the last of them told just before its end does not count:
  // gRPC takes what is written on a call that SPIRE is just ending, and nobody would tell it again.
  void NoteTold(const BundlePtr& bundle);
  [[nodiscard]] BundlePtr Told() const;

 private:
  void Take(const v1::TrustBundle& bundle) RK_REQUIRES(mutex_);
  void Count(int change);
  [[nodiscard]] bool IsInDoubt() const RK_REQUIRES(mutex_) {
    return std::chrono::steady_clock::now() < in_doubt_until_;
  }

  const std::chrono::steady_clock::duration taken_in_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  BundlePtr current_ RK_GUARDED_BY(mutex_);
  BundlePtr told_ RK_GUARDED_BY(mutex_);
  BundlePtr heard_ RK_GUARDED_BY(mutex_);  // told before that, and surely heard
  Deadline in_doubt_until_ RK_GUARDED_BY(mutex_);
  bool lost_ RK_GUARDED_BY(mutex_) = false;  // what was told last, for all that is known
  bool closed_ RK_GUARDED_BY(mutex_) = false;
  int local_subscriptions_ RK_GUARDED_BY(mutex_) = 0;
};

}  // namespace rootkeep::spire
