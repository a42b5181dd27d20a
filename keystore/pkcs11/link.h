// The way to one token: connects at need, notices loss, and brings the token back when it has returned.
#pragma once

#include <memory>
#include <utility>

#include "keystore/circuit_breaker.h"
#include "keystore/device_queue.h"
#include "keystore/pkcs11/connection.h"
#include "keystore/pkcs11/reasons.h"
#include "keystore/pkcs11/renewal_limit.h"

namespace rootkeep::pkcs11 {

// Shared by a store and its signers, with the queue in front of the token. Thread-safe. While the token is away, calls
// fail at once with the last error, without waiting in the queue, and one of them in every pause (StoreOptions) looks
// for the token, reinitialising the module if need be.
class Link {
  using ConnectionPtr = std::shared_ptr<Connection>;
  template <typename Once>
  using Outcome =
      decltype(std::declval<Once&>()(std::declval<const ConnectionPtr&>(), std::declval<DeviceQueue::Ticket&>()));

 public:
  Link(std::shared_ptr<Module> module, TokenSelector selector, PinSource pin, StoreOptions options)
      : module_(std::move(module)),
        selector_(std::move(selector)),
        pin_(std::move(pin)),
        options_(options),
        queue_({.meter = {.max_concurrency = options.max_sessions}, .max_waiting = options.max_waiting}),
        breaker_(options.shortest_pause, options.longest_pause) {}

  [[nodiscard]] const StoreOptions& options() const { return options_; }
  [[nodiscard]] const DeviceQueue& queue() const { return queue_; }
  // False while the token is away.
  [[nodiscard]] bool up() const { return !breaker_.failure(); }
  [[nodiscard]] const Quirks& quirks() const { return module_->quirks(); }

  // C_Finalize and C_Initialize, for modules that learn and forget nothing without; the next call connects anew.
  // UNAVAILABLE "module_busy" as Module::Reinitialise: when that is for the sake of other tokens, the connection stays.
  Status Renew(Deadline deadline);
  // The same before it is said that there is no such key: another program may have made it. At most as often as
  // RenewalLimit says. True when the key is to be looked for again.
  bool RenewForAbsentKey(Deadline deadline);

  // For who asks whether the token answers: takes up sessions that the token did not have lately.
  void TakeMoreSessions(Connection& connection, const Module::Use& use, Deadline deadline);

  // The working connection, made now if there is none. Waits at most until `deadline` for another thread that makes it.
  Result<std::shared_ptr<Connection>> Get(Deadline deadline);

  // Runs `once(connection, ticket)`, which returns a Result, with a ticket of the queue, and again after bringing the
  // token back when its error says that this may help: at most three times, never after the request's deadline. A
  // connection that others replaced meanwhile is no failure, and not counted.
  template <typename Once>
  auto Run(const DeviceRequest& request, Once&& once) {
    return RunUnqueued(request.deadline, [&](const ConnectionPtr& connection) -> Outcome<Once> {
      RK_TRY(DeviceQueue::Ticket ticket, queue_.Admit(request));
      return once(connection, ticket);
    });
  }

  // As Run, but never a second time: for calls that must not be repeated. The loss is noted all the same.
  template <typename Once>
  auto RunOnce(const DeviceRequest& request, Once&& once) -> Outcome<Once> {
    for (;;) {
      RK_TRY(const ConnectionPtr connection, Get(request.deadline));
      RK_TRY(DeviceQueue::Ticket ticket, queue_.Admit(request));
      auto result = once(connection, ticket);
      if (result.ok()) return result;
      if (WasReplaced(result.error(), request.deadline)) continue;
      Recover(connection, result.error(), 1, request.deadline);
      return result;
    }
  }

  // As Run with `once(connection)` and without a ticket: for what asks whether a token answers that may be busy.
  template <typename Once>
  auto RunUnqueued(Deadline deadline, Once&& once) -> decltype(once(std::declval<const ConnectionPtr&>())) {
    for (int attempt = 1;;) {
      RK_TRY(const ConnectionPtr connection, Get(deadline));
      auto result = once(connection);
      if (result.ok()) return result;
      if (WasReplaced(result.error(), deadline)) continue;
      if (!Recover(connection, result.error(), attempt++, deadline)) return result;
    }
  }

 private:
  // Whether `error` only says that another connection is to be used, with time left for it: nothing was asked yet.
  static bool WasReplaced(const Error& error, Deadline deadline) {
    return error.reason() == kReasonStale && std::chrono::steady_clock::now() < deadline;
  }
  // What `error` of attempt number `attempt` means for the connection. True when another attempt may succeed.
  bool Recover(const std::shared_ptr<Connection>& connection, const Error& error, int attempt, Deadline deadline);
  // The next Get makes a new connection, after reinitialising the module if `reinitialise`.
  void Lose(const std::shared_ptr<Connection>& connection, const Error& error, bool reinitialise);
  Result<std::shared_ptr<Connection>> Connect(bool reinitialise, bool fresh, Deadline deadline);
  Result<std::shared_ptr<Connection>> ConnectNow(bool fresh, Deadline deadline);
  Status RenewFrom(Connection& connection, Deadline deadline);
  [[nodiscard]] DeviceCapacity CapacityOf(Connection& connection) const;
  // What came of an attempt to connect.
  void Settle(const Result<std::shared_ptr<Connection>>& made, CircuitBreaker::Pass& pass) RK_REQUIRES(mutex_);

  const std::shared_ptr<Module> module_;
  const TokenSelector selector_;
  const PinSource pin_;
  const StoreOptions options_;
  DeviceQueue queue_;
  CircuitBreaker breaker_;  // open while the token is away

  Mutex mutex_;
  CondVar settled_;
  std::shared_ptr<Connection> current_ RK_GUARDED_BY(mutex_);
  bool connecting_ RK_GUARDED_BY(mutex_) = false;
  bool reinitialise_ RK_GUARDED_BY(mutex_) = false;
  bool renewed_ RK_GUARDED_BY(mutex_) = false;  // since the last connection was made
  RenewalLimit renewals_for_absent_keys_;
};

}  // namespace rootkeep::pkcs11
