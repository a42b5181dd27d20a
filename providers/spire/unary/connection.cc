#include "providers/spire/unary/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "keystore/base/guard.h"

namespace rootkeep::spire::unary {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} * 1024;
// Whoever does not take this much of his answers is not read from any more.
constexpr std::size_t kMostUnsent = std::size_t{1} << 20;
// For a peer that broke the protocol to take what he is told of it.
constexpr std::chrono::seconds kFarewell{5};

bool MayPass(int error) { return error == EAGAIN || error == EINTR; }
bool IsGone(int error) { return error == EPIPE || error == ECONNRESET; }

// For poll(2); rounded up.
int MillisecondsUntil(Deadline deadline) {
  if (deadline == Deadline::max()) return -1;
  const auto now = std::chrono::steady_clock::now();
  if (deadline <= now) return 0;  // Deadline::min() - now would overflow
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, 60'000));
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(Fd socket, const Methods& methods,
                                                     std::shared_ptr<RequestBudget> budget) {
  RK_TRY(auto answers, Answers::Make());
  RK_TRY(auto session, Session::Create(methods, answers, std::move(budget)));
  std::unique_ptr<Connection> connection(new Connection(std::move(socket), std::move(answers), std::move(session)));
  const bool started = RunGuarded("spire.thread_not_started", [&connection] {
    connection->input_.resize(kReadAtOnce);
    connection->thread_ = std::jthread([&c = *connection] { c.Run(); });
  });
  if (!started) return Unavailable("a thread could not be started");
  return connection;
}

Connection::~Connection() { EndBy(Deadline::min()); }

void Connection::EndBy(Deadline deadline) {
  end_by_ = deadline;
  answers_->Wake();
}

void Connection::Run() noexcept {
  answers_->BelongToThisThread();
  RunGuarded("spire.exception", [this] {
    const Status carried = Carry();
    if (!carried.ok()) log::Warning("spire.connection_failed", {{"detail", carried.error().ToString()}});
  });
  shutdown(socket_.get(), SHUT_RDWR);
  waits_ = {};
  session_.reset();  // which tells those who work for its calls
  ended_ = true;
}

Status Connection::Carry() {
  RK_RETURN_IF_ERROR(Send());
  while (!Over()) {
    const Readiness ready = Await();
    if (ready.answers) {
      answers_->Rest();
      RK_RETURN_IF_ERROR(Announce());
    }
    if (ready.socket) RK_RETURN_IF_ERROR(Read());
    RK_RETURN_IF_ERROR(HandleCalls());
    if (session_->over()) EndAtLatest(After(kFarewell));
  }
  return Ok();
}

void Connection::EndAtLatest(Deadline deadline) {
  Deadline none = Deadline::max();
  end_by_.compare_exchange_strong(none, deadline);
}

Status Connection::Announce() {
  if (end_by_.load() == Deadline::max() || std::exchange(announced_, true)) return Ok();
  return session_->EndSoon();
}

bool Connection::Over() const {
  if (gone_ || (session_->over() && unsent_.empty())) return true;
  // What the peer's windows had no room for stays unsent: it opens them no more.
  if (heard_all_ && answers_->expected() == 0 && unsent_.empty()) return true;
  const Deadline end_by = end_by_;
  if (end_by == Deadline::max()) return false;
  const bool done = announced_ && answers_->expected() == 0 && !session_->owes() && unsent_.empty();
  return done || std::chrono::steady_clock::now() >= end_by;
}

Connection::Readiness Connection::Await() {
  const bool reads = !heard_all_ && unsent_.size() < kMostUnsent;
  const auto events = static_cast<short>((reads ? POLLIN : 0) | (unsent_.empty() ? 0 : POLLOUT));
  watched_.assign({pollfd{socket_.get(), events, 0}, pollfd{answers_->fd(), POLLIN, 0}});
  const std::size_t own = watched_.size();
  waits_.AppendTo(watched_);
  const Deadline next = std::min({end_by_.load(), session_->due().value_or(Deadline::max()), waits_.deadline()});
  if (poll(watched_.data(), watched_.size(), MillisecondsUntil(next)) < 0) return {};
  waits_.Serve(std::span(watched_).subspan(own));
  return {.socket = (watched_[0].revents & ~POLLOUT) != 0, .answers = watched_[1].revents != 0};
}

// What poll says without being asked is that the peer has closed.
Status Connection::Read() {
  const ssize_t size = heard_all_ ? 0 : recv(socket_.get(), input_.data(), input_.size(), MSG_DONTWAIT);
  if (size > 0) return session_->Receive(ByteView(input_).first(static_cast<std::size_t>(size)));
  if (size < 0 && MayPass(errno)) return Ok();
  if (size < 0 && !IsGone(errno)) return ErrnoError("recv", errno);
  gone_ = size < 0 || heard_all_;
  heard_all_ = true;
  return Ok();
}

// Each answer is sent before the next call is handled: the host goes on with it meanwhile.
Status Connection::HandleCalls() {
  for (;;) {
    RK_RETURN_IF_ERROR(SubmitAnswers());
    RK_RETURN_IF_ERROR(Send());
    if (gone_ || waits_.full()) return Ok();
    RK_TRY(auto next, session_->NextCall());
    if (!next) return Send();
    // A call that is dropped by an exception is answered.
    RunGuarded("spire.exception", [&] {
      if (next->method->ask) return next->method->ask(std::move(next->call), waits_);
      next->method->handle(std::move(next->call));
    });
  }
}

Status Connection::SubmitAnswers() {
  answers_->Take(ready_);
  for (Answer& answer : ready_) RK_RETURN_IF_ERROR(session_->Submit(std::move(answer)));
  return Ok();
}

Status Connection::Send() {
  RK_RETURN_IF_ERROR(session_->AppendPending(unsent_));
  if (unsent_.empty()) return Ok();
  const ssize_t sent = send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && !MayPass(errno) && !IsGone(errno)) return ErrnoError("send", errno);
  // Perhaps for sending only: a peer who still holds his end, and has said that he reads no more.
  if (sent < 0 && IsGone(errno)) gone_ = true;
  if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
  return Ok();
}

}  // namespace rootkeep::spire::unary
