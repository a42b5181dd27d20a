#include "signer/rpc/health_service.h"

#include <memory>
#include <optional>
#include <utility>

#include "signer/rpc/newest_stream.h"
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

class HealthService::Watch final : public HealthWatcher, public NewestStream<HealthCheckRequest, HealthCheckResponse> {
 public:
  Watch(HealthService& door, const CallQueue& queue) : NewestStream(queue), door_(door) {}

  [[nodiscard]] const std::string& service() const override { return request().service(); }

  // Only what differs from what was shown last.
  void Show(ServingStatus status) override {
    if (std::exchange(shown_, status) == status) return;
    HealthCheckResponse response;
    response.set_status(status);
    Offer(std::move(response));
  }
  void End(const grpc::Status& status) override { NewestStream::End(status); }

 private:
  void Ask(void* tag) override {
    door_.service_.RequestWatch(&context(), &request(), &writer(), calls().queue, calls().queue, tag);
  }
  void Replace() override { Wait<Watch>(door_, calls()); }
  void OnCall() override { door_.health_.Add(std::static_pointer_cast<Watch>(shared_from_this())); }
  void OnGone() override { door_.health_.Remove(std::static_pointer_cast<Watch>(shared_from_this())); }

  HealthService& door_;
  std::optional<ServingStatus> shown_;  // with the lock of Health held
};

void HealthService::Await(const CallQueue& queue) {
  Check::Wait<Check>(*this, queue.ForService());
  Watch::Wait<Watch>(*this, queue.ForService());
}

}  // namespace rootkeep
