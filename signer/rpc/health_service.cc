#include "signer/rpc/health_service.h"

#include <memory>
#include <optional>
#include <utility>

#include "signer/rpc/unary_call.h"

namespace rootkeep {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthService::Check final : public UnaryCall<HealthCheckRequest, HealthCheckResponse> {
 public:
  Check(HealthService& door, const CallQueue& queue) : UnaryCall(queue), door_(door) {}

 private:
  void Ask() override { door_.service_.RequestCheck(&context(), &request(), &responder(), queue(), queue(), tag()); }
  void Replace() override { Wait<Check>(door_, calls()); }
  void Handle() override {
    const ServingStatus status = door_.health_.Get(request().service());
    if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
      return FinishWithError({grpc::StatusCode::NOT_FOUND, "unknown service"});
    }
    response().set_status(status);
    Finish();
  }

  HealthService& door_;
};

// Writes the newest status whenever it differs from the last one written. gRPC takes one write or end at a time.
class HealthService::Watch final : public HealthWatcher, public std::enable_shared_from_this<Watch> {
 public:
  Watch(HealthService& door, CallQueue calls) : door_(door), calls_(std::move(calls)), writer_(&context_) {}

  static void Wait(HealthService& door, const CallQueue& calls) {
    const auto watch = std::make_shared<Watch>(door, calls);
    watch->context_.AsyncNotifyWhenDone(watch->gone_.For(watch));
    door.service_.RequestWatch(&watch->context_, &watch->request_, &watch->writer_, calls.queue, calls.queue,
                               watch->come_.For(watch));
  }

  [[nodiscard]] const std::string& service() const override { return request_.service(); }

  void Show(ServingStatus status) override {
    const MutexLock lock(mutex_);
    newest_ = status;
    Proceed();
  }
  void End(const grpc::Status& status) override {
    const MutexLock lock(mutex_);
    if (!end_) end_ = status;
    Proceed();
  }

 private:
  // Keeps the watch alive while gRPC has something to do for it.
  class Step final : public Event {
   public:
    explicit Step(void (Watch::*then)(bool)) : then_(then) {}
    void* For(std::shared_ptr<Watch> watch) {
      watch_ = std::move(watch);
      return static_cast<Event*>(this);
    }
    void Drop() { watch_.reset(); }
    void Done(bool ok) override {
      const auto watch = std::move(watch_);
      (watch.get()->*then_)(ok);
    }

   private:
    void (Watch::*then_)(bool);
    std::shared_ptr<Watch> watch_;
  };

  // A queue has one poller, so that this is over before OnGone.
  void OnCome(bool ok) {
    if (!ok) return gone_.Drop();  // gRPC tells of the end of calls only that began
    if (const CallGate::Pass pass(*calls_.gate); pass) Wait(door_, calls_);
    door_.health_.Add(shared_from_this());
  }
  void OnGone(bool) {
    End(grpc::Status::CANCELLED);
    door_.health_.Remove(shared_from_this());
  }
  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok && !end_) end_ = grpc::Status::CANCELLED;
    Proceed();
  }
  void OnEnded(bool) {}

  void Proceed() RK_REQUIRES(mutex_) {
    if (writing_ || ended_) return;
    const CallGate::Pass pass(*calls_.gate);
    if (!pass) return;
    if (end_) {
      ended_ = true;
      writer_.Finish(*end_, finished_.For(shared_from_this()));
    } else if (newest_ != written_) {
      writing_ = true;
      written_ = newest_;
      response_.set_status(*newest_);
      writer_.Write(response_, wrote_.For(shared_from_this()));
    }
  }

  HealthService& door_;
  const CallQueue calls_;
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer_;
  Step come_{&Watch::OnCome}, gone_{&Watch::OnGone}, wrote_{&Watch::OnWritten}, finished_{&Watch::OnEnded};
  Mutex mutex_;
  HealthCheckResponse response_;
  std::optional<ServingStatus> newest_ RK_GUARDED_BY(mutex_);
  std::optional<ServingStatus> written_ RK_GUARDED_BY(mutex_);
  std::optional<grpc::Status> end_ RK_GUARDED_BY(mutex_);
  bool writing_ RK_GUARDED_BY(mutex_) = false;
  bool ended_ RK_GUARDED_BY(mutex_) = false;
};

void HealthService::Await(const CallQueue& queue) {
  Check::Wait<Check>(*this, queue.ForService());
  Watch::Wait(*this, queue);
}

}  // namespace rootkeep
