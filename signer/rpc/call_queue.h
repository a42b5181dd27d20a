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
  // Places in which no call of a service waits because one could not be made. A service's own, used by the queue's
  // polling thread only.
  std::shared_ptr<unsigned> owed = std::make_shared<unsigned>(0);

  // For one service: with places of its own.
  [[nodiscard]] CallQueue ForService() const { return {queue, gate, deferred}; }
};

}  // namespace rootkeep
