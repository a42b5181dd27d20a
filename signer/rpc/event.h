// The queue interface of gRPC, as our services see it: what was asked of gRPC for a call ends as an event on a queue.
#pragma once

#include <grpcpp/impl/codegen/service_type.h>

#include "signer/rpc/call_queue.h"

namespace rootkeep {

// Its address is the tag on the queue. Done is called on a polling thread once for every thing asked with that tag, and
// may delete the object.
class Event {
 public:
  // `ok` is false when the thing did not happen: no call came because the server ends, or the client is gone.
  virtual void Done(bool ok) = 0;

 protected:
  ~Event() = default;
};

// A service that takes its calls from queues. gRPC's callback interface polls with two threads however few processors
// there are, and every hand-over between them costs more than the call itself.
class QueuedService {
 public:
  virtual ~QueuedService() = default;
  // Registered with one server only. Owned by this object.
  virtual grpc::Service& grpc_service() = 0;
  // Asks for the first calls on `queue`; every call that comes asks for the next. The server is running by then.
  virtual void Await(const CallQueue& queue) = 0;
};

}  // namespace rootkeep
