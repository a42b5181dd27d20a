// A token found, logged in and with sessions open: valid until the token or the module's state is lost, then replaced
// by another.
#pragma once

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <memory>

#include "keystore/pkcs11/pin_source.h"
#include "keystore/pkcs11/session_pool.h"
#include "keystore/pkcs11/store_options.h"
#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"

namespace rootkeep::pkcs11 {

// Handles of token objects found through one Connection are good in all its sessions and in no other Connection.
// Thread-safe.
class Connection {
 public:
  // Finds the token, opens the login session and logs in once. `fresh` says that the module was just initialised for
  // this, so that nothing it says can be a leftover. Errors name the step: find token, open session, log in.
  static Result<std::shared_ptr<Connection>> Open(const Module::Use& use, std::shared_ptr<Module> module,
                                                  const TokenSelector& selector, const PinSource& pin,
                                                  const StoreOptions& options, bool fresh, Deadline deadline);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] const Token& token() const { return token_; }
  [[nodiscard]] bool fresh() const { return fresh_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  // Whether something was signed through it.
  [[nodiscard]] bool served() const { return served_.load(std::memory_order_relaxed); }
  void SetServed() {
    if (!served()) served_.store(true, std::memory_order_relaxed);
  }

  // False once Break was called or the module was initialised anew.
  [[nodiscard]] bool usable() const { return !broken_.load(std::memory_order_acquire) && epoch_ == module_->epoch(); }
  // True for the first caller.
  bool Break();
  // Logs the user out, in all sessions of the token, for modules that unload keys only then, and breaks the connection.
  // Nobody sees the logout who holds the keys' lock for what he does: it is the caller's until the connection is
  // broken. Keys stay loaded when others keep sessions locked until `deadline`.
  void Unload(const Module::Use& use, Deadline deadline);
  // Hold it for the operation, so that it disturbs no other. UNAVAILABLE "stale" when the connection is not usable any
  // more, "deadline" when others had the keys until then.
  Result<KeysLock> LockKeys(const Module::Use& use, KeyAccess access, Deadline deadline) const;

  // Enters the module for one operation on this connection. UNAVAILABLE "stale" when it is not usable any more.
  Result<Module::Use> Enter(Deadline deadline) const;

  SessionPool& sessions() { return sessions_; }

  // A session to change the token with. When the token has none left, an idle one of the pool's makes room for it.
  // RESOURCE_EXHAUSTED "sessions" when there is no idle one; otherwise C_OpenSession's error.
  Result<WriteSession> OpenToWrite(const Module::Use& use, Deadline deadline);

  // The long-lived session. Session objects made on it live as long as this connection. Not for searches or signing,
  // which need a session of their own.
  [[nodiscard]] CK_SESSION_HANDLE login_session() const { return login_session_; }

  // Asks the token, without signing, whether it is there and this session still logged in.
  [[nodiscard]] Status Check(const Module::Use& use) const;

  // `error`, which says that something is not on the token, if the token answers; otherwise why it does not. A token
  // that was removed may show no objects instead of failing.
  [[nodiscard]] Error Explain(const Module::Use& use, Error error) const;

 private:
  [[nodiscard]] Status CheckUsable() const;
  Connection(std::shared_ptr<Module> module, Token token, std::uint64_t epoch, CK_SESSION_HANDLE login_session,
             unsigned cap, bool fresh);

  const std::shared_ptr<Module> module_;
  const Token token_;
  const std::uint64_t epoch_;
  const CK_SESSION_HANDLE login_session_;
  const bool fresh_;
  std::atomic<bool> broken_{false};
  std::atomic<bool> served_{false};
  SessionPool sessions_;
};

}  // namespace rootkeep::pkcs11
