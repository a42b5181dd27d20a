// The one method that a relay serves.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>

#include "keystore/base/clock.h"
#include "tools/relay/ca_connection.h"
#include "tools/relay/observer.h"

namespace rootkeep::relay {

// Calls of it go where the connection leads. Refused here is who calls anything else, beyond the limit, or while the
// node has no certificate. Thread-safe.
class Service final : public grpc::CallbackGenericService {
 public:
  struct Limits {
    unsigned max_calls;
    std::chrono::milliseconds longest;
  };

  // All outlive this and every call.
  Service(Limits limits, const CaConnection& ca, Observer& observer, const Clock& clock)
      : limits_(limits), ca_(ca), observer_(observer), clock_(clock) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

 private:
  grpc::ServerGenericBidiReactor* Judge(grpc::GenericCallbackServerContext& context);
  grpc::ServerGenericBidiReactor* Refuse(const grpc::GenericCallbackServerContext& context, grpc::StatusCode code,
                                         std::string_view name, const char* message) const;
  // Null when all are taken; given back when it goes.
  std::shared_ptr<void> TakePlace();

  const Limits limits_;
  const CaConnection& ca_;
  Observer& observer_;
  const Clock& clock_;
  std::atomic<unsigned> calls_ = 0;
};

}  // namespace rootkeep::relay
