// How Rootkeep's own API says no, and what of that is written down.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "keystore/base/error.h"
#include "signer/metrics/metrics.h"

namespace rootkeep {

// What is known of a call when it is refused.
struct RefusedCall {
  std::string_view method;
  const std::string& request_id;
  std::string_view caller;  // as the configuration calls it, or its identities; empty: not known
  std::string_view peer;
};

// Logs and counts the refusal, puts into the trailing metadata when to try again, and gives the status to end with.
grpc::Status RefuseApiCall(const Error& error, const RefusedCall& call, grpc::ServerContext& context, Metrics& metrics);

}  // namespace rootkeep
