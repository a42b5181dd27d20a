#include "tools/relay/service.h"

#include "keystore/base/guard.h"
#include "tools/relay/forwarded_call.h"

namespace rootkeep::relay {
namespace {

constexpr std::string_view kMethod = "/istio.v1.auth.IstioCertificateService/CreateCertificate";

// A call that goes nowhere.
class RefusedCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit RefusedCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* Service::CreateReactor(grpc::GenericCallbackServerContext* context) {
  grpc::ServerGenericBidiReactor* reactor = nullptr;  // gRPC answers UNIMPLEMENTED
  RunGuarded("relay_exception", [&] { reactor = Judge(*context); });
  return reactor;
}

grpc::ServerGenericBidiReactor* Service::Judge(grpc::GenericCallbackServerContext& context) {
  using enum grpc::StatusCode;
  if (context.method() != kMethod) return Refuse(context, UNIMPLEMENTED, "UNIMPLEMENTED", "");
  CaRoute route = ca_.Route();
  if (route.stub == nullptr || clock_.Now() >= route.until) {
    return Refuse(context, UNAVAILABLE, "UNAVAILABLE", "this node has no certificate that is good now");
  }
  return new ForwardedCall(context, {.stub = std::move(route.stub),
                                     .longest = limits_.longest,
                                     .take_place = [this] { return TakePlace(); },
                                     .observer = observer_});
}

grpc::ServerGenericBidiReactor* Service::Refuse(const grpc::GenericCallbackServerContext& context,
                                                grpc::StatusCode code, std::string_view name,
                                                const char* message) const {
  observer_.Answered({.code = name, .by = "relay", .peer = context.peer()});
  return new RefusedCall({code, message});
}

std::shared_ptr<void> Service::TakePlace() {
  if (calls_.fetch_add(1) >= limits_.max_calls) {
    calls_.fetch_sub(1);
    return nullptr;
  }
  return {&calls_, [](std::atomic<unsigned>* calls) { calls->fetch_sub(1); }};
}

}  // namespace rootkeep::relay
