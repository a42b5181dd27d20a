#include "keystore/isolated/backend/supervisor.h"

#include <algorithm>

namespace rootkeep::isolated {
namespace {

// However little time a caller has: whoever comes next finds the host running.
constexpr std::chrono::seconds kStartPatience{15};

Error Down() { return Unavailable("the token host is being started").WithReason(kReasonHostDown); }

}  // namespace

Result<std::shared_ptr<HostProcess>> Supervisor::Running(Deadline deadline) {
  const MutexLock lock(mutex_);
  const std::uint64_t seen = starts_;
  for (;;) {
    if (!starting_ && process_ != nullptr && process_->alive()) return process_;
    if (starts_ != seen && failure_) return *failure_;
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return Down();
    if (!starting_ && now >= not_before_) BeginStart();
    changed_.WaitUntil(mutex_, starting_ ? deadline : std::min(deadline, not_before_));
  }
}

void Supervisor::BeginStart() {
  const auto now = std::chrono::steady_clock::now();
  if (process_ != nullptr && now - process_->started() >= kGrownUp) pause_ = kShortestPause;
  not_before_ = now + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
  // The thread before has ended, or is about to: it does nothing after it has said so. This one waits for the lock to
  // say so, and if it cannot be made, nothing has begun.
  starter_ = std::jthread([this, before = process_] { Start(before); });
  starting_ = true;
}

void Supervisor::Start(const ProcessPtr& before) {
  auto started = StartGuarded(before);
  const MutexLock lock(mutex_);
  starting_ = false;
  ++starts_;
  failure_.reset();
  if (started.ok()) {
    process_ = *std::move(started);
  } else {
    failure_ = started.error();
  }
  changed_.NotifyAll();
}

Result<std::shared_ptr<HostProcess>> Supervisor::StartGuarded(const ProcessPtr& before) const {
  try {
    if (before != nullptr && !before->Reap()) {
      return Unavailable("the token host before does not end").WithReason(kReasonHostDown);
    }
    return HostProcess::Start(options_, After(kStartPatience));
  } catch (...) {
    return Internal("starting the token host failed").WithReason(kReasonHostDown);
  }
}

Result<Reply> Supervisor::Call(Deadline deadline, const std::function<Result<Reply>(HostProcess&)>& call) {
  RK_TRY(ProcessPtr process, Running(deadline));
  auto reply = call(*process);
  // What ended before it answered anything may have been logging in, and every try of that counts.
  if (reply.ok() || reply.error().reason() != kReasonHostLost || !process->proved()) return reply;
  RK_TRY(process, Running(deadline));
  return call(*process);
}

Result<Reply> Supervisor::CallOnce(const Request& request) {
  RK_TRY(const ProcessPtr process, Running(request.deadline));
  return process->Call(request);
}

}  // namespace rootkeep::isolated
