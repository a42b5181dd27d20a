// The edge between gRPC and our code.
#pragma once

#include <grpcpp/support/status.h>

#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/result.h"

namespace rootkeep::spire {

// The same code, and everything that the error says: only the operator of this SPIRE reads it.
inline grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code()), error.ToString()};
}

inline grpc::Status ToGrpc(const Status& status) { return status.ok() ? grpc::Status::OK : ToGrpc(status.error()); }

// What a service's method is made of: `work` gives a Status, and what it throws becomes INTERNAL and a line in the log.
template <typename Work>
grpc::Status Answer(Work&& work) noexcept {  // NOLINT(cppcoreguidelines-missing-std-forward)
  grpc::Status answer;
  if (RunGuarded("spire.exception", [&] { answer = ToGrpc(work()); })) return answer;
  return {grpc::StatusCode::INTERNAL, "the plugin failed inside: spire.exception in the log says why"};
}

}  // namespace rootkeep::spire
