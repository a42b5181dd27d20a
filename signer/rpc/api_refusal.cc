#include "signer/rpc/api_refusal.h"

#include "keystore/base/log.h"
#include "signer/rpc/status.h"

namespace rootkeep {

grpc::Status RefuseApiCall(const Error& error, const RefusedCall& call, grpc::ServerContext& context,
                           Metrics& metrics) {
  grpc::Status status = ApiStatus(error);
  const std::string_view code = CodeName(static_cast<Code>(status.error_code()));
  metrics.CountRefusal(error.reason());
  metrics.CountApiCall(call.method, code);
  log::Warning("api_refused", {{"request_id", call.request_id},
                               {"method", call.method},
                               {"code", code},
                               {"reason", error.reason()},
                               {"detail", error.ToString()},
                               {"caller", call.caller},
                               {"peer", call.peer}});
  if (const auto wait = error.retry_after()) {
    context.AddTrailingMetadata(kRetryPushbackHeader, std::to_string(wait->count()));
  }
  return status;
}

}  // namespace rootkeep
