#include "keystore/pkcs11/connection.h"

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/login.h"
#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"
#include "keystore/pkcs11/session_calls.h"

namespace rootkeep::pkcs11 {
namespace {

// Sessions left for the login session, key creation and other programs on tokens that have few.
constexpr CK_ULONG kReservedSessions = 2;

unsigned SessionCap(const Token& token, const StoreOptions& options) {
  if (token.max_sessions == CK_EFFECTIVELY_INFINITE) return std::max(1U, options.max_sessions);
  const CK_ULONG spare = token.max_sessions > kReservedSessions ? token.max_sessions - kReservedSessions : 1;
  return static_cast<unsigned>(std::clamp<CK_ULONG>(spare, 1, std::max(1U, options.max_sessions)));
}

}  // namespace

Connection::Connection(std::shared_ptr<Module> module, Token token, std::uint64_t epoch,
                       CK_SESSION_HANDLE login_session, unsigned cap, bool fresh)
    : module_(std::move(module)),
      token_(std::move(token)),
      epoch_(epoch),
      login_session_(login_session),
      fresh_(fresh),
      sessions_(token_.slot, cap) {
  module_->CountConnection(epoch_, 1);
}

Result<std::shared_ptr<Connection>> Connection::Open(const Module::Use& use, std::shared_ptr<Module> module,
                                                     const TokenSelector& selector, const PinSource& pin,
                                                     const StoreOptions& options, bool fresh, Deadline deadline) {
  use.module().Recognise();
  RK_TRY(Token token, FindToken(use, selector));
  RK_TRY(const CK_SESSION_HANDLE session, OpenSession(use, token.slot, CKF_SERIAL_SESSION, deadline));
  const unsigned cap = SessionCap(token, options);
  const std::shared_ptr<Connection> connection(
      new Connection(std::move(module), std::move(token), use.epoch(), session, cap, fresh));
  RK_RETURN_IF_ERROR(Login(use, session, connection->token_, pin, deadline));
  RK_RETURN_IF_ERROR(connection->sessions_.Warm(use, options.warm_sessions, deadline));
  return connection;
}

Connection::~Connection() {
  Break();
  std::vector<CK_SESSION_HANDLE> sessions = sessions_.TakeIdle();
  sessions.push_back(login_session_);
  // Without waiting: a module that is being finalised closes the sessions by itself, if it comes to that. One that
  // would not be has them still, whatever was tried since.
  const auto now = std::chrono::steady_clock::now();
  const auto use = module_->Enter(now);
  for (const CK_SESSION_HANDLE session : sessions) {
    if (!use.ok()) {
      module_->left_open().Add(epoch_, session);
    } else if (epoch_ >= module_->sessions_since()) {
      CloseSession(*use, session, now);
    }
  }
}

bool Connection::Break() {
  const bool first = !broken_.exchange(true);
  if (first) module_->CountConnection(epoch_, -1);
  return first;
}

void Connection::Unload(const Module::Use& use, Deadline deadline) {
  if (const auto lock = use.module().LockSessions(deadline); lock.ok()) {
    const CK_RV rv = use->C_Logout(login_session_);
    if (rv != CKR_OK) log::Warning("pkcs11.logout", {{"token", token_.device.label}, {"code", CkrName(rv)}});
  }
  Break();
}

Result<Module::Use> Connection::Enter(Deadline deadline) const {
  RK_TRY(Module::Use use, module_->Enter(deadline));
  RK_RETURN_IF_ERROR(CheckUsable());
  return use;
}

Result<KeysLock> Connection::LockKeys(const Module::Use& use, KeyAccess access, Deadline deadline) const {
  RK_TRY(KeysLock lock, use.module().LockKeys(access, deadline));
  RK_RETURN_IF_ERROR(CheckUsable());
  return lock;
}

Status Connection::CheckUsable() const {
  if (usable()) return Ok();
  return Unavailable("the connection to token \"" + token_.device.label + "\" was lost").WithReason(kReasonStale);
}

Result<WriteSession> Connection::OpenToWrite(const Module::Use& use, Deadline deadline) {
  auto opened = WriteSession::Open(use, token_.slot, deadline);
  if (opened.ok() || RemedyFor(opened.error()) != Remedy::kBackOff) return opened;
  if (!sessions_.GiveUpOne(use, deadline)) return std::move(opened).error().WithReason(kReasonSessions);
  return WriteSession::Open(use, token_.slot, deadline);
}

Status Connection::Check(const Module::Use& use) const {
  CloseLeftOpen(use);
  RK_TRY(const Token now, DescribeToken(use, token_.slot));
  if (now.device.serial != token_.device.serial || now.device.label != token_.device.label) {
    return Unavailable("another token is in the slot of \"" + token_.device.label + "\"")
        .WithReason(kReasonTokenAbsent);
  }
  CK_SESSION_INFO session{};
  CK_RV rv = use->C_GetSessionInfo(login_session_, &session);
  if (rv != CKR_OK) return CkError("C_GetSessionInfo", rv);
  const bool logged_in = session.state == CKS_RO_USER_FUNCTIONS || session.state == CKS_RW_USER_FUNCTIONS;
  if (!logged_in) return CkError("C_GetSessionInfo", CKR_USER_NOT_LOGGED_IN);
  if (!use.module().quirks().answers_from_memory) return Ok();
  // All of that was said without asking the device. This it cannot know by itself:
  CK_BYTE octet = 0;
  rv = use->C_GenerateRandom(login_session_, &octet, 1);
  if (rv != CKR_OK) return CkError("C_GenerateRandom", rv);
  return Ok();
}

Error Connection::Explain(const Module::Use& use, Error error) const {
  Status status = Check(use);
  return status.ok() ? std::move(error) : std::move(status).error();
}

}  // namespace rootkeep::pkcs11
