// The end of a call that does not end by itself.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>

#include <chrono>

namespace rootkeep::relay {

// Cancels the call at `end`, unless this is gone before: a client may neither send its message nor take the answer.
class CallLimit {
 public:
  // May throw bad_alloc.
  CallLimit(grpc::ServerContextBase& context, std::chrono::system_clock::time_point end);

 private:
  grpc::Alarm alarm_;
};

}  // namespace rootkeep::relay
