// Where a service takes its calls from.
#pragma once

#include <grpcpp/completion_queue.h>

#include <memory>

#include "signer/rpc/call_gate.h"
#include "signer/rpc/deferred.h"

namespace rootkeep {

// Copied into every call, which may outlive the server and then finds the gate closed and no queue.
struct CallQueue {
  grpc::ServerCompletionQueue* queue;
  std::shared_ptr<CallGate> gate;
  std::shared_ptr<Deferred> deferred;
};

}  // namespace rootkeep
