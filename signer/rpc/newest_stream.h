// One call that is answered by a stream of states, of which only the newest matters.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <memory>
#include <optional>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/mutex.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// Derive, and start with NewestStream<...>::Wait<Derived>(...). It lives until its last event has come and the last
// shared_ptr to it is gone. The On functions run on a polling thread, one at a time. Offer and End may be called on any
// thread, at any time, however late; neither waits. Memory holds one message on its way and one that waits, however
// slow the reader is.
template <typename Request, typename Response>
class NewestStream : public std::enable_shared_from_this<NewestStream<Request, Response>> {
 public:
  virtual ~NewestStream() = default;
  NewestStream(const NewestStream&) = delete;
  NewestStream& operator=(const NewestStream&) = delete;

  // Makes a Derived from `arguments` and asks for a call to fill it.
  template <typename Derived, typename... Arguments>
  static void Wait(Arguments&&... arguments) {
    const auto made = std::make_shared<Derived>(std::forward<Arguments>(arguments)...);
    NewestStream& base = *made;
    base.context_.AsyncNotifyWhenDone(base.gone_.For(base.shared_from_this()));
    base.Ask(base.come_.For(base.shared_from_this()));
  }

  // Sends `message` when what is on its way has gone out; one that waits for that already is dropped.
  void Offer(Response message) {
    const MutexLock lock(mutex_);
    waiting_ = std::move(message);
    Proceed();
  }
  // Nothing else is sent. The first end counts.
  void End(const grpc::Status& status) {
    const MutexLock lock(mutex_);
    if (!end_) end_ = status;
    Proceed();
  }

 protected:
  explicit NewestStream(CallQueue queue) : calls_(std::move(queue)), writer_(&context_) {}

  // Asks gRPC for a call of the service, into context(), request() and writer(), with this tag.
  virtual void Ask(void* tag) = 0;
  // Makes another that waits in this one's place.
  virtual void Replace() = 0;
  // A call has come. What it throws ends the call.
  virtual void OnCall() = 0;
  // The call is over, on whichever side it ended. Only after OnCall.
  virtual void OnGone() = 0;

  [[nodiscard]] const CallQueue& calls() const { return calls_; }
  grpc::ServerContext& context() { return context_; }
  Request& request() { return request_; }
  [[nodiscard]] const Request& request() const { return request_; }
  grpc::ServerAsyncWriter<Response>& writer() { return writer_; }

 private:
  // Keeps the call alive while gRPC has something to do for it.
  class Step final : public Event {
   public:
    explicit Step(void (NewestStream::*then)(bool)) : then_(then) {}
    void* For(std::shared_ptr<NewestStream> call) {
      call_ = std::move(call);
      return static_cast<Event*>(this);
    }
    void Drop() { call_.reset(); }
    void Done(bool ok) override {
      const auto call = std::move(call_);
      (call.get()->*then_)(ok);
    }

   private:
    void (NewestStream::*then_)(bool);
    std::shared_ptr<NewestStream> call_;
  };

  // A queue has one poller, so that this is over before OnOver.
  void OnCome(bool ok) {
    if (!ok) return gone_.Drop();  // gRPC tells of the end of calls only that began
    ++*calls_.owed;
    FillPlaces();
    if (!RunGuarded("rpc_exception", [this] { OnCall(); })) End({grpc::StatusCode::UNAVAILABLE, "exception"});
  }
  void OnOver(bool) {
    End(grpc::Status::CANCELLED);
    RunGuarded("rpc_exception", [this] { OnGone(); });
  }
  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok && !end_) end_ = grpc::Status::CANCELLED;
    Proceed();
  }
  void OnFinished(bool) {}

  // What cannot be made now is made when the next call comes; this one goes on. A server that has ended takes none.
  void FillPlaces() {
    unsigned& owed = *calls_.owed;
    const CallGate::Pass pass(*calls_.gate);
    while (pass && owed > 0 && RunGuarded("rpc_exception", [this] { Replace(); })) --owed;
  }

  // gRPC takes one write or end at a time.
  void Proceed() RK_REQUIRES(mutex_) {
    if (writing_ || ended_) return;
    const CallGate::Pass pass(*calls_.gate);
    if (!pass) return;
    if (end_) {
      ended_ = true;
      writer_.Finish(*end_, finished_.For(this->shared_from_this()));
    } else if (waiting_) {
      writing_ = true;
      writer_.Write(*std::exchange(waiting_, std::nullopt), wrote_.For(this->shared_from_this()));
    }
  }

  const CallQueue calls_;
  grpc::ServerContext context_;
  Request request_;
  grpc::ServerAsyncWriter<Response> writer_;
  Step come_{&NewestStream::OnCome}, gone_{&NewestStream::OnOver}, wrote_{&NewestStream::OnWritten};
  Step finished_{&NewestStream::OnFinished};
  Mutex mutex_;
  std::optional<Response> waiting_ RK_GUARDED_BY(mutex_);
  std::optional<grpc::Status> end_ RK_GUARDED_BY(mutex_);
  bool writing_ RK_GUARDED_BY(mutex_) = false;
  bool ended_ RK_GUARDED_BY(mutex_) = false;
};

}  // namespace rootkeep
