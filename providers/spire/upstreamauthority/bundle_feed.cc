#include "providers/spire/upstreamauthority/bundle_feed.h"

namespace rootkeep::spire {

void BundleFeed::Take(const v1::TrustBundle& bundle) {
  if (current_ != nullptr && current_->SerializeAsString() == bundle.SerializeAsString()) return;
  current_ = std::make_shared<const v1::TrustBundle>(bundle);
  changed_.NotifyAll();
}

void BundleFeed::Offer(const v1::TrustBundle& bundle) {
  const MutexLock lock(mutex_);
  if (current_ == nullptr || bundle.sequence() > current_->sequence()) Take(bundle);
}

void BundleFeed::Restart(const v1::TrustBundle& bundle, const BundlePtr& before) {
  const MutexLock lock(mutex_);
  const bool answered = current_ != before && current_ != nullptr;
  if (answered && bundle.sequence() <= current_->sequence()) return;
  Take(bundle);
}

BundlePtr BundleFeed::Current() const {
  const MutexLock lock(mutex_);
  return current_;
}

BundlePtr BundleFeed::WaitForOther(const BundlePtr& seen, Deadline until) const {
  const MutexLock lock(mutex_);
  while (current_ == seen && !closed_ && changed_.WaitUntil(mutex_, until)) {
  }
  return current_;
}

void BundleFeed::Close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  changed_.NotifyAll();
}

bool BundleFeed::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

void BundleFeed::Pause(Deadline until) const {
  const MutexLock lock(mutex_);
  while (!closed_ && changed_.WaitUntil(mutex_, until)) {
  }
}

void BundleFeed::Count(int change) {
  const MutexLock lock(mutex_);
  local_subscriptions_ += change;
  if (local_subscriptions_ == 0 && IsInDoubt()) lost_ = true;
}

void BundleFeed::NoteTold(const BundlePtr& bundle) {
  const MutexLock lock(mutex_);
  if (!lost_ && !IsInDoubt()) heard_ = told_;
  told_ = bundle;
  lost_ = false;
  in_doubt_until_ = After(taken_in_);
}

BundlePtr BundleFeed::Told() const {
  const MutexLock lock(mutex_);
  return lost_ ? heard_ : told_;
}

bool BundleFeed::HasLocalSubscription() const {
  const MutexLock lock(mutex_);
  return local_subscriptions_ > 0;
}

bool BundleFeed::IsToldLocally() const {
  const MutexLock lock(mutex_);
  return local_subscriptions_ > 0 || (lost_ && IsInDoubt());
}

}  // namespace rootkeep::spire
