#include "signer/rpc/health.h"

namespace rootkeep {
namespace {

using grpc::health::v1::HealthCheckResponse;

constexpr std::size_t kMaxWatchers = 256;

}  // namespace

void Health::Set(const std::string& service, bool serving) {
  const MutexLock lock(mutex_);
  serving_[service] = serving;
  for (const auto& watcher : watchers_) {
    if (watcher->service() == service) watcher->Show(StatusOf(service));
  }
}

ServingStatus Health::Get(const std::string& service) const {
  const MutexLock lock(mutex_);
  return StatusOf(service);
}

void Health::Add(const std::shared_ptr<HealthWatcher>& watcher) {
  const MutexLock lock(mutex_);
  if (stopped_ || watchers_.size() >= kMaxWatchers) {
    watcher->End({grpc::StatusCode::UNAVAILABLE, stopped_ ? "shutting down" : "too many watchers"});
  } else {
    watchers_.insert(watcher);
    watcher->Show(StatusOf(watcher->service()));
  }
}

void Health::Remove(const std::shared_ptr<HealthWatcher>& watcher) {
  const MutexLock lock(mutex_);
  watchers_.erase(watcher);
}

void Health::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (const auto& watcher : watchers_) watcher->End({grpc::StatusCode::UNAVAILABLE, "shutting down"});
}

ServingStatus Health::StatusOf(const std::string& service) const {
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

}  // namespace rootkeep
