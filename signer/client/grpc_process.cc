#include "signer/client/grpc_process.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>

#include <string_view>

#include "keystore/base/log.h"

namespace rootkeep {
namespace {

void Write(gpr_log_func_args* line) {
  const std::string_view file = line->file;
  if (file.ends_with("ssl_transport_security.cc")) {
    log::Info("handshake_failed", {{"detail", line->message}});
  } else if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    log::Warning("grpc", {{"detail", line->message}});
  } else {
    log::Debug("grpc", {{"detail", line->message}});
  }
}

}  // namespace

void PrepareGrpc() {
  gpr_set_log_function(Write);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace rootkeep
