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
    while (idle_.empty() && open_ >= cap_) {
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
    if (cap_ >= most_ || std::chrono::steady_clock::now() - refused_at_ < kRegrowEvery) return false;
    ++open_;
  }
  const auto opened = OpenOne(use, deadline);
  if (!opened.ok()) return false;
  GiveBack(*opened);
  const MutexLock lock(mutex_);
  cap_ = std::min(most_, cap_ + 1);
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
