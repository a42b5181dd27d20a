// One call with messages both ways in turn, from the wait for it to its last event.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <deque>
#include <memory>
#include <utility>

#include "keystore/base/guard.h"
#include "keystore/base/mutex.h"
#include "signer/rpc/event.h"

namespace rootkeep {

// Derive, and start with Exchange<...>::Wait<Derived>(...). It lives until its last event has come and the last
// shared_ptr to it is gone. The On functions run on a polling thread, one at a time; what they throw ends the call.
// Receive, Send, SendLast and End may be called on any thread, by turns: each On function, or whoever works for it,
// calls one of them once. After SendLast or End everything is dropped; when the server has ended, nobody is there to
// hear.
template <typename Request, typename Response>
class Exchange : public std::enable_shared_from_this<Exchange<Request, Response>> {
 public:
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Makes a Derived from `arguments` and asks for a call to fill it.
  template <typename Derived, typename... Arguments>
  static void Wait(Arguments&&... arguments) {
    const auto made = std::make_shared<Derived>(std::forward<Arguments>(arguments)...);
    Exchange& base = *made;
    base.Ask(base.come_.For(base.shared_from_this()));
  }

 protected:
  explicit Exchange(CallQueue queue) : calls_(std::move(queue)), stream_(&context_) {}

  // Asks gRPC for a call of the service, into context() and stream(), with this tag.
  virtual void Ask(void* tag) = 0;
  // Makes another that waits in this one's place.
  virtual void Replace() = 0;
  virtual void OnCall() = 0;
  virtual void OnMessage(Request& message) = 0;
  virtual void OnSent() = 0;
  // One of the above threw.
  virtual void OnException() = 0;

  // The next message.
  void Receive() {
    const MutexLock lock(mutex_);
    const CallGate::Pass pass(*calls_.gate);
    if (ended_ || !pass) return;
    receiving_ = true;
    stream_.Read(&request_, read_.For(this->shared_from_this()));
  }
  // From now until StopTimer, a Receive that waits past `deadline` ends the call with `late`.
  void StartTimer(std::chrono::system_clock::time_point deadline, grpc::Status late) {
    const MutexLock lock(mutex_);
    const CallGate::Pass pass(*calls_.gate);
    if (ended_ || !pass) return;
    late_ = std::move(late);
    Timer& timer = timers_.emplace_back();
    timer.alarm.Set(calls_.queue, deadline, timer.rang.For(this->shared_from_this()));
  }
  void StopTimer() {
    const MutexLock lock(mutex_);
    StopTimers();
  }
  void Send(Response message) {
    const MutexLock lock(mutex_);
    const CallGate::Pass pass(*calls_.gate);
    if (ended_ || !pass) return;
    response_ = std::move(message);
    stream_.Write(response_, wrote_.For(this->shared_from_this()));
  }
  // Ends the call with status OK.
  void SendLast(Response message) {
    const MutexLock lock(mutex_);
    if (!BeginEnd()) return;
    response_ = std::move(message);
    stream_.WriteAndFinish(response_, grpc::WriteOptions(), grpc::Status::OK, finished_.For(this->shared_from_this()));
  }
  void End(const grpc::Status& status) {
    const MutexLock lock(mutex_);
    EndLocked(status);
  }

  [[nodiscard]] const CallQueue& calls() const { return calls_; }
  grpc::ServerContext& context() { return context_; }
  grpc::ServerAsyncReaderWriter<Response, Request>& stream() { return stream_; }

 private:
  // Keeps the call alive while gRPC has something to do for it.
  class Step final : public Event {
   public:
    explicit Step(void (Exchange::*then)(bool)) : then_(then) {}
    void* For(std::shared_ptr<Exchange> call) {
      call_ = std::move(call);
      return static_cast<Event*>(this);
    }
    void Done(bool ok) override {
      const auto call = std::move(call_);
      (call.get()->*then_)(ok);
    }

   private:
    void (Exchange::*then_)(bool);
    std::shared_ptr<Exchange> call_;
  };

  struct Timer {
    grpc::Alarm alarm;
    Step rang{&Exchange::OnRang};
  };

  void OnCome(bool ok) {
    if (!ok) return;  // no call came: the server ends
    ++*calls_.owed;
    FillPlaces();
    Guarded([this] { OnCall(); });
  }
  void OnRead(bool ok) {
    {
      const MutexLock lock(mutex_);
      receiving_ = false;
      if (!ok) return EndLocked(grpc::Status::CANCELLED);  // the client is gone, or has no more to say
      if (ended_) return;
    }
    Guarded([this] { OnMessage(request_); });
  }
  void OnWritten(bool ok) {
    if (!ok) return End(grpc::Status::CANCELLED);
    Guarded([this] { OnSent(); });
  }
  void OnRang(bool ok) {
    const MutexLock lock(mutex_);
    if (ok && receiving_) EndLocked(late_);
  }
  void OnFinished(bool) {}

  template <typename Work>
  void Guarded(const Work& work) {
    if (!RunGuarded("rpc_exception", work)) OnException();
  }

  // What cannot be made now is made when the next call comes; this one goes on. A server that has ended takes none.
  void FillPlaces() {
    unsigned& owed = *calls_.owed;
    const CallGate::Pass pass(*calls_.gate);
    while (pass && owed > 0 && RunGuarded("rpc_exception", [this] { Replace(); })) --owed;
  }

  void StopTimers() RK_REQUIRES(mutex_) {
    for (Timer& timer : timers_) timer.alarm.Cancel();
  }
  // Whether the end may be asked of gRPC.
  bool BeginEnd() RK_REQUIRES(mutex_) {
    if (std::exchange(ended_, true)) return false;
    StopTimers();
    const CallGate::Pass pass(*calls_.gate);
    return static_cast<bool>(pass);
  }
  void EndLocked(const grpc::Status& status) RK_REQUIRES(mutex_) {
    if (BeginEnd()) stream_.Finish(status, finished_.For(this->shared_from_this()));
  }

  const CallQueue calls_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<Response, Request> stream_;
  Request request_;
  Response response_;
  Step come_{&Exchange::OnCome}, read_{&Exchange::OnRead}, wrote_{&Exchange::OnWritten};
  Step finished_{&Exchange::OnFinished};
  Mutex mutex_;
  bool receiving_ RK_GUARDED_BY(mutex_) = false;
  bool ended_ RK_GUARDED_BY(mutex_) = false;
  grpc::Status late_ RK_GUARDED_BY(mutex_);
  std::deque<Timer> timers_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
