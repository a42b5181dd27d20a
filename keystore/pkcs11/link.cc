#include "keystore/pkcs11/link.h"

#include <algorithm>
#include <utility>

#include "keystore/base/log.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr int kMaxAttempts = 3;

bool Answers(const Connection& connection, Deadline deadline) {
  const auto use = connection.Enter(deadline);
  return use.ok() && connection.Check(*use).ok();
}

}  // namespace

Result<std::shared_ptr<Connection>> Link::Get(Deadline deadline) {
  std::shared_ptr<Connection> lost;  // dropped after the lock: its end closes sessions
  bool reinitialise = false;
  bool fresh = false;
  std::optional<CircuitBreaker::Pass> pass;
  {
    const MutexLock lock(mutex_);
    while (current_ == nullptr || !current_->usable()) {
      if (!connecting_) break;
      if (auto down = breaker_.failure()) return *std::move(down);
      if (!settled_.WaitUntil(mutex_, deadline)) {
        return Unavailable("wait for the token to be found again").WithReason(kReasonDeadline);
      }
    }
    if (current_ != nullptr && current_->usable()) return current_;
    RK_TRY(CircuitBreaker::Pass entered, breaker_.Enter());
    pass.emplace(std::move(entered));
    connecting_ = true;
    reinitialise = reinitialise_;
    fresh = std::exchange(renewed_, false);
    lost = std::move(current_);
    current_ = nullptr;
  }
  lost.reset();
  auto made = Connect(reinitialise, fresh, deadline);
  const MutexLock lock(mutex_);
  Settle(made, *pass);
  return made;
}

Result<std::shared_ptr<Connection>> Link::Connect(bool reinitialise, bool fresh, Deadline deadline) {
  const std::uint64_t epoch = module_->epoch();
  std::optional<Error> first;
  if (!reinitialise) {
    auto made = ConnectNow(fresh, deadline);
    if (made.ok() || RemedyFor(made.error()) == Remedy::kFail) return made;
    first = std::move(made).error();
  }
  if (auto status = module_->Reinitialise(epoch, deadline); !status.ok()) {
    // Not done for the others' sake: then the token's own error says more.
    return first && status.error().reason() == kReasonModuleBusy ? *first : std::move(status).error();
  }
  return ConnectNow(/*fresh=*/true, deadline);
}

Result<std::shared_ptr<Connection>> Link::ConnectNow(bool fresh, Deadline deadline) {
  RK_TRY(const Module::Use use, module_->Enter(deadline));
  return Connection::Open(use, module_, selector_, pin_, options_, fresh, deadline);
}

Status Link::Renew(Deadline deadline) {
  RK_TRY(const ConnectionPtr connection, Get(deadline));
  return RenewFrom(*connection, deadline);
}

bool Link::RenewForAbsentKey(Deadline deadline) {
  const auto connection = Get(deadline);
  if (!connection.ok() || !renewals_for_absent_keys_.Take((*connection)->served())) return false;
  const Status renewed = RenewFrom(**connection, deadline);
  // A module that does not come up again has more to say than that the key is not there.
  return renewed.ok() || renewed.error().reason() == kReasonModuleDown;
}

Status Link::RenewFrom(Connection& connection, Deadline deadline) {
  if (module_->MustBeSpared(connection.usable() ? 1 : 0)) return module_->Spared();
  // Those inside who wait for the keys leave at once, instead of signing one after the other first.
  connection.Break();
  // Somebody may connect before the module is closed; that connection is ours too.
  RK_RETURN_IF_ERROR(module_->Reinitialise(connection.epoch(), deadline, /*own=*/1));
  const MutexLock lock(mutex_);
  renewed_ = true;
  return Ok();
}

void Link::TakeMoreSessions(Connection& connection, const Module::Use& use, Deadline deadline) {
  connection.sessions().Regrow(use, deadline);
  queue_.SetCapacity(CapacityOf(connection));
}

DeviceCapacity Link::CapacityOf(Connection& connection) const {
  return {.sessions = connection.sessions().cap(), .computes_here = quirks().computes_here};
}

void Link::Settle(const Result<std::shared_ptr<Connection>>& made, CircuitBreaker::Pass& pass) {
  connecting_ = false;
  settled_.NotifyAll();
  const bool was_up = up();
  if (made.ok()) {
    current_ = *made;
    reinitialise_ = false;
    queue_.SetCapacity(CapacityOf(*current_));
    if (!was_up) log::Info("pkcs11.token_up", {{"token", current_->token().device.label}});
    pass.Worked();
    return;
  }
  const Error& error = made.error();
  if (error.reason() == kReasonDeadline) return;  // says nothing about the token
  if (error.code() == Code::kFailedPrecondition) reinitialise_ = false;
  if (was_up) {
    log::Failure("pkcs11.token_down", {{"token", selector_.label.empty() ? selector_.serial : selector_.label},
                                       {"reason", error.reason()},
                                       {"error", error.ToString()}});
  }
  pass.Failed(error);
}

void Link::Lose(const std::shared_ptr<Connection>& connection, const Error& error, bool reinitialise) {
  if (connection->Break()) {
    log::Warning("pkcs11.connection_lost", {{"token", connection->token().device.label}, {"error", error.ToString()}});
  }
  const MutexLock lock(mutex_);
  // A connection that has been replaced already says nothing about its successor.
  if (current_ == connection) reinitialise_ = reinitialise_ || reinitialise;
}

bool Link::Recover(const std::shared_ptr<Connection>& connection, const Error& error, int attempt, Deadline deadline) {
  if (error.reason() == kReasonKeyMissing) {
    // Leftovers of a token that was away can hide its keys; just after C_Initialize there are none.
    if (connection->fresh()) return false;
    // While that would be refused for the sake of other tokens, this one's other keys are served as before.
    if (module_->MustBeSpared(connection->usable() ? 1 : 0)) return false;
    Lose(connection, error, true);
    return attempt < kMaxAttempts;
  }
  const Remedy remedy = RemedyFor(error);
  // Not worth asking, and to log in to a device that was reset would cost a PIN's try.
  if (quirks().answers_from_memory && (remedy == Remedy::kReconnect || remedy == Remedy::kProbe)) {
    Lose(connection, error, true);
    return attempt < kMaxAttempts && std::chrono::steady_clock::now() < deadline;
  }
  switch (remedy) {
    case Remedy::kFail: return false;
    case Remedy::kBackOff:
      if (error.reason() == kReasonSessions) queue_.SetCapacity(CapacityOf(*connection));
      return false;
    case Remedy::kNewSession:
      if (attempt > 1) Lose(connection, error, attempt > 2);
      break;
    case Remedy::kReconnect: Lose(connection, error, attempt > 1 && !connection->fresh()); break;
    case Remedy::kProbe: Lose(connection, error, attempt > 1 || !Answers(*connection, deadline)); break;
    case Remedy::kReinitialise: Lose(connection, error, true); break;
  }
  return attempt < kMaxAttempts && std::chrono::steady_clock::now() < deadline;
}

}  // namespace rootkeep::pkcs11
