#include "keystore/pkcs11/session_pool.h"

#include <algorithm>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/reasons.h"
#include "keystore/pkcs11/session_calls.h"

namespace rootkeep::pkcs11 {
namespace {

// Sessions that others hold come back when they do: nobody here knows better.
constexpr auto kSessionsPause = std::chrono::milliseconds(100);
// Other programs that have taken the token's sessions may keep them for long.
constexpr auto kRegrowEvery = std::chrono::seconds(1);

bool HasTwoMore(const Module::Use& use, CK_SLOT_ID slot, Deadline deadline) {
  const auto one = OpenSession(use, slot, CKF_SERIAL_SESSION, deadline);
  if (!one.ok()) return false;
  const auto another = OpenSession(use, slot, CKF_SERIAL_SESSION, deadline);
  if (another.ok()) CloseSession(use, *another, deadline);
  CloseSession(use, *one, deadline);
  return another.ok();
}

}  // namespace

Session::~Session() {
  if (handle_ == CK_INVALID_HANDLE) return;
  CloseSession(*use_, handle_, deadline_);
  pool_->Forget();
}

void Session::Recycle() { pool_->GiveBack(std::exchange(handle_, CK_INVALID_HANDLE)); }

Status SessionPool::Warm(const Module::Use& use, unsigned count, Deadline deadline) {
  for (unsigned i = 0; i < count; ++i) {
    {
      const MutexLock lock(mutex_);
      if (open_ >= cap_) return Ok();
      ++open_;
    }
    RK_TRY(const CK_SESSION_HANDLE handle, OpenOne(use, deadline));
    GiveBack(handle);
  }
  return Ok();
}

Result<Session> SessionPool::Lease(const Module::Use& use, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    while (idle_.empty() && (open_ >= cap_ || trying_)) {
      if (!freed_.WaitUntil(mutex_, deadline)) {
        return Unavailable("wait for a session of the token").WithReason(kReasonDeadline);
      }
    }
    if (!idle_.empty()) {
      const CK_SESSION_HANDLE handle = idle_.back();
      idle_.pop_back();
      return Session(this, &use, handle, deadline);
    }
    ++open_;
  }
  RK_TRY(const CK_SESSION_HANDLE handle, OpenOne(use, deadline));
  return Session(this, &use, handle, deadline);
}

// The caller has counted the session in open_ already.
Result<CK_SESSION_HANDLE> SessionPool::OpenOne(const Module::Use& use, Deadline deadline) {
  auto opened = OpenSession(use, slot_, CKF_SERIAL_SESSION, deadline);
  if (opened.ok()) return opened;
  Forget();
  if (RemedyFor(opened.error()) != Remedy::kBackOff) return opened;
  const MutexLock lock(mutex_);
  cap_ = std::max(1U, open_);
  refused_at_ = std::chrono::steady_clock::now();
  return std::move(opened).error().WithReason(kReasonSessions).WithRetryAfter(kSessionsPause);
}

bool SessionPool::Regrow(const Module::Use& use, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    // While fewer are open than may be, another one proves nothing.
    if (trying_ || open_ < cap_ || cap_ >= most_) return false;
    if (std::chrono::steady_clock::now() - refused_at_ < kRegrowEvery) return false;
    trying_ = true;
  }
  const bool more = HasTwoMore(use, slot_, deadline);
  const MutexLock lock(mutex_);
  trying_ = false;
  if (more) ++cap_;
  if (!more) refused_at_ = std::chrono::steady_clock::now();
  freed_.NotifyAll();
  return more;
}

bool SessionPool::GiveUpOne(const Module::Use& use, Deadline deadline) {
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  {
    const MutexLock lock(mutex_);
    if (idle_.empty()) return false;
    handle = idle_.front();
    idle_.erase(idle_.begin());
    --open_;
    cap_ = std::max(1U, open_);
    refused_at_ = std::chrono::steady_clock::now();
  }
  CloseSession(use, handle, deadline);
  return true;
}

unsigned SessionPool::cap() const {
  const MutexLock lock(mutex_);
  return cap_;
}

std::vector<CK_SESSION_HANDLE> SessionPool::TakeIdle() {
  const MutexLock lock(mutex_);
  open_ -= static_cast<unsigned>(idle_.size());
  return std::exchange(idle_, {});
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
