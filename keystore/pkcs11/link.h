// The way to one token: connects at need, notices loss, and brings the token back when it has returned.
#pragma once

#include <memory>
#include <optional>

#include "keystore/pkcs11/connection.h"

namespace rootkeep::pkcs11 {

// Shared by a store and its signers. Thread-safe. While the token is away, calls fail at once with the last error, and
// one of them in every pause (StoreOptions) looks for the token, reinitialising the module if need be.
class Link {
 public:
  Link(std::shared_ptr<Module> module, TokenSelector selector, PinSource pin, StoreOptions options)
      : module_(std::move(module)),
        selector_(std::move(selector)),
        pin_(std::move(pin)),
        options_(options),
        pause_(options.shortest_pause) {}

  [[nodiscard]] const StoreOptions& options() const { return options_; }

  // The working connection, made now if there is none. Waits at most until `deadline` for another thread that makes it.
  Result<std::shared_ptr<Connection>> Get(Deadline deadline);

  // Runs `once(connection)`, which returns a Result, and again after bringing the token back when its error says that
  // this may help: at most three times, never after `deadline`.
  template <typename Once>
  auto Run(Deadline deadline, Once&& once) -> decltype(once(std::declval<const std::shared_ptr<Connection>&>())) {
    for (int attempt = 1;; ++attempt) {
      RK_TRY(const std::shared_ptr<Connection> connection, Get(deadline));
      auto result = once(connection);
      if (result.ok() || !Recover(connection, result.error(), attempt, deadline)) return result;
    }
  }

  // As Run, but never a second time: for calls that must not be repeated. The loss is noted all the same.
  template <typename Once>
  auto RunOnce(Deadline deadline, Once&& once) -> decltype(once(std::declval<const std::shared_ptr<Connection>&>())) {
    RK_TRY(const std::shared_ptr<Connection> connection, Get(deadline));
    auto result = once(connection);
    if (!result.ok()) Recover(connection, result.error(), 1, deadline);
    return result;
  }

 private:
  // What `error` of attempt number `attempt` means for the connection. True when another attempt may succeed.
  bool Recover(const std::shared_ptr<Connection>& connection, const Error& error, int attempt, Deadline deadline);
  // The next Get makes a new connection, after reinitialising the module if `reinitialise`.
  void Lose(const std::shared_ptr<Connection>& connection, const Error& error, bool reinitialise);
  Result<std::shared_ptr<Connection>> Connect(bool reinitialise, Deadline deadline);
  Result<std::shared_ptr<Connection>> ConnectNow(bool fresh, Deadline deadline);
  void Settle(const Result<std::shared_ptr<Connection>>& made) RK_REQUIRES(mutex_);

  const std::shared_ptr<Module> module_;
  const TokenSelector selector_;
  const PinSource pin_;
  const StoreOptions options_;

  Mutex mutex_;
  CondVar settled_;
  std::shared_ptr<Connection> current_ RK_GUARDED_BY(mutex_);
  bool connecting_ RK_GUARDED_BY(mutex_) = false;
  bool reinitialise_ RK_GUARDED_BY(mutex_) = false;
  std::optional<Error> down_ RK_GUARDED_BY(mutex_);  // why the last attempt failed; set while the token is away
  Deadline next_attempt_ RK_GUARDED_BY(mutex_);      // while down_
  std::chrono::milliseconds pause_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::pkcs11
