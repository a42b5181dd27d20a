#include "tools/relay/call_limit.h"

#include <grpc/grpc.h>

#include <memory>

namespace rootkeep::relay {
namespace {

// The call may end, and its context with it, while the alarm goes off.
std::shared_ptr<grpc_call> Reference(grpc_call* call) {
  grpc_call_ref(call);
  return {call, &grpc_call_unref};
}

}  // namespace

CallLimit::CallLimit(grpc::ServerContextBase& context, std::chrono::system_clock::time_point end) {
  alarm_.Set(end, [call = Reference(context.c_call())](bool gone_off) {
    if (gone_off) grpc_call_cancel(call.get(), nullptr);
  });
}

}  // namespace rootkeep::relay
