#include "keystore/pkcs11/session_pool.h"

#include <algorithm>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/reasons.h"
#include "keystore/pkcs11/session_calls.h"

namespace rootkeep::pkcs11 {
namespace {

// Sessions that others hold come back when they do: nobody here knows better.
constexpr auto kSessionsPause = std::chrono::milliseconds(100);

}  // namespace

Session::~Session() {
  if (handle_ == CK_INVALID_HANDLE) return;
  CloseSession(*use_, handle_);
  pool_->Forget();
}

void Session::Recycle() { pool_->GiveBack(std::exchange(handle_, CK_INVALID_HANDLE)); }

Status SessionPool::Warm(const Module::Use& use, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    {
      const MutexLock lock(mutex_);
      if (open_ >= cap_) return Ok();
      ++open_;
    }
    RK_TRY(const CK_SESSION_HANDLE handle, OpenOne(use));
    GiveBack(handle);
  }
  return Ok();
}

Result<Session> SessionPool::Lease(const Module::Use& use, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    while (idle_.empty() && open_ >= cap_) {
      if (!freed_.WaitUntil(mutex_, deadline)) {
        return Unavailable("wait for a session of the token").WithReason(kReasonDeadline);
      }
    }
    if (!idle_.empty()) {
      const CK_SESSION_HANDLE handle = idle_.back();
      idle_.pop_back();
      return Session(this, &use, handle);
    }
    ++open_;
  }
  RK_TRY(const CK_SESSION_HANDLE handle, OpenOne(use));
  return Session(this, &use, handle);
}

// The caller has counted the session in open_ already.
Result<CK_SESSION_HANDLE> SessionPool::OpenOne(const Module::Use& use) {
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_RV rv = OpenSession(use, slot_, CKF_SERIAL_SESSION, handle);
  if (rv == CKR_OK) return handle;
  Forget();
  if (CkrFor(rv).remedy != Remedy::kBackOff) return CkError("C_OpenSession", rv);
  const MutexLock lock(mutex_);
  cap_ = std::max(1U, open_);
  return CkError("C_OpenSession", rv).WithReason(kReasonSessions).WithRetryAfter(kSessionsPause);
}

unsigned SessionPool::cap() const {
  const MutexLock lock(mutex_);
  return cap_;
}

void SessionPool::Close(const Module::Use& use) {
  const MutexLock lock(mutex_);
  for (const CK_SESSION_HANDLE handle : idle_) CloseSession(use, handle);
  open_ -= static_cast<unsigned>(idle_.size());
  idle_.clear();
}

void SessionPool::GiveBack(CK_SESSION_HANDLE handle) {
  const MutexLock lock(mutex_);
  idle_.push_back(handle);
  freed_.NotifyOne();
}

void SessionPool::Forget() {
  const MutexLock lock(mutex_);
  --open_;
  freed_.NotifyOne();
}

}  // namespace rootkeep::pkcs11
