#include "signer/rpc/health_service.h"

#include <optional>

namespace rootkeep {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr std::size_t kMaxWatchers = 256;

}  // namespace

// Writes the newest status whenever it differs from the last one written. Deletes itself when gRPC is done with it.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& health, std::string service) : health_(health), service_(std::move(service)) {}

  [[nodiscard]] const std::string& service() const { return service_; }

  void Show(ServingStatus status) {
    const MutexLock lock(mutex_);
    newest_ = status;
    WriteIfNew();
  }

  void End(const grpc::Status& status) {
    const MutexLock lock(mutex_);
    FinishOnce(status);
  }

  void OnWriteDone(bool ok) override {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (ok) {
      WriteIfNew();
    } else {
      FinishOnce(grpc::Status::CANCELLED);
    }
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override {
    health_.Forget(this);
    delete this;
  }

 private:
  void WriteIfNew() RK_REQUIRES(mutex_) {
    if (writing_ || finished_ || newest_ == written_) return;
    writing_ = true;
    written_ = newest_;
    response_.set_status(*newest_);
    StartWrite(&response_);
  }
  void FinishOnce(const grpc::Status& status) RK_REQUIRES(mutex_) {
    if (!finished_) Finish(status);
    finished_ = true;
  }

  HealthService& health_;
  const std::string service_;
  Mutex mutex_;
  HealthCheckResponse response_;
  std::optional<ServingStatus> newest_ RK_GUARDED_BY(mutex_);
  std::optional<ServingStatus> written_ RK_GUARDED_BY(mutex_);
  bool writing_ RK_GUARDED_BY(mutex_) = false;
  bool finished_ RK_GUARDED_BY(mutex_) = false;
};

HealthService::~HealthService() { Stop(); }

void HealthService::Set(const std::string& service, bool serving) {
  const MutexLock lock(mutex_);
  serving_[service] = serving;
  for (Watcher* watcher : watchers_) {
    if (watcher->service() == service) watcher->Show(StatusOf(service));
  }
}

void HealthService::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (Watcher* watcher : watchers_) watcher->End({grpc::StatusCode::UNAVAILABLE, "shutting down"});
}

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) const {
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void HealthService::Forget(Watcher* watcher) {
  const MutexLock lock(mutex_);
  watchers_.erase(watcher);
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context, const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  auto* reactor = context->DefaultReactor();
  const MutexLock lock(mutex_);
  const ServingStatus status = StatusOf(request->service());
  response->set_status(status);
  reactor->Finish(status == HealthCheckResponse::SERVICE_UNKNOWN
                      ? grpc::Status(grpc::StatusCode::NOT_FOUND, "unknown service")
                      : grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(grpc::CallbackServerContext*,
                                                                    const HealthCheckRequest* request) {
  auto* watcher = new Watcher(*this, request->service());
  const MutexLock lock(mutex_);
  if (stopped_ || watchers_.size() >= kMaxWatchers) {
    watcher->End({grpc::StatusCode::UNAVAILABLE, stopped_ ? "shutting down" : "too many watchers"});
  } else {
    watchers_.insert(watcher);
    watcher->Show(StatusOf(request->service()));
  }
  return watcher;
}

}  // namespace rootkeep
