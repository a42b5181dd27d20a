// One call with one answer, from the wait for it to its last event.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <utility>

#include "keystore/base/guard.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// Derive, and start with UnaryCall<...>::Wait<Derived>(...). It lives until its last event has come and the last
// shared_ptr to it is gone. Handle runs on a polling thread; Finish and FinishWithError may be called on any thread,
// exactly one of them, once, however late: when the server has ended meanwhile, nobody is there to be answered.
template <typename Request, typename Response>
class UnaryCall : public Event, public std::enable_shared_from_this<UnaryCall<Request, Response>> {
 public:
  virtual ~UnaryCall() = default;
  UnaryCall(const UnaryCall&) = delete;
  UnaryCall& operator=(const UnaryCall&) = delete;

  // Makes a Derived from `arguments` and asks for a call to fill it.
  template <typename Derived, typename... Arguments>
  static void Wait(Arguments&&... arguments) {
    auto call = std::make_shared<Derived>(std::forward<Arguments>(arguments)...);
    UnaryCall& base = *call;
    base.self_ = call;
    base.Ask();
  }

  void Done(bool ok) final {
    const auto self = handled_ || !ok ? std::move(self_) : self_;
    if (handled_ || !ok) return;
    handled_ = true;
    ++*calls_.owed;
    FillPlaces();
    Handle();
  }

 protected:
  explicit UnaryCall(CallQueue queue) : calls_(std::move(queue)), responder_(&context_) {}

  // Asks gRPC for a call of the service, into context(), request() and responder(), with tag().
  virtual void Ask() = 0;
  // Makes another that waits in this one's place.
  virtual void Replace() = 0;
  // A call has come.
  virtual void Handle() = 0;

  void Finish() {
    if (const CallGate::Pass pass(*calls_.gate); pass) return responder_.Finish(response_, grpc::Status::OK, tag());
    self_.reset();
  }
  void FinishWithError(const grpc::Status& status) {
    if (const CallGate::Pass pass(*calls_.gate); pass) return responder_.FinishWithError(status, tag());
    self_.reset();
  }

  [[nodiscard]] const CallQueue& calls() const { return calls_; }
  grpc::ServerCompletionQueue* queue() { return calls_.queue; }
  void* tag() { return static_cast<Event*>(this); }
  grpc::ServerContext& context() { return context_; }
  Request& request() { return request_; }
  Response& response() { return response_; }
  grpc::ServerAsyncResponseWriter<Response>& responder() { return responder_; }

 private:
  // What cannot be made now is made when the next call comes; this one goes on. A server that has ended takes none.
  void FillPlaces() {
    unsigned& owed = *calls_.owed;
    const CallGate::Pass pass(*calls_.gate);
    while (pass && owed > 0 && RunGuarded("rpc_exception", [this] { Replace(); })) --owed;
  }

  const CallQueue calls_;
  grpc::ServerContext context_;
  Request request_;
  Response response_;
  grpc::ServerAsyncResponseWriter<Response> responder_;
  bool handled_ = false;
  std::shared_ptr<UnaryCall> self_;
};

}  // namespace rootkeep
