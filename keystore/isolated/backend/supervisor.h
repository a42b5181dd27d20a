// The token host kept running: started when it is needed, and again when it has ended.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "keystore/base/mutex.h"
#include "keystore/isolated/backend/host_process.h"

namespace rootkeep::isolated {

// Thread-safe. At most one process at a time. One is started by a thread of its own, so that nobody waits for a slow
// module beyond its own deadline, and not sooner than a pause after the last start: the pause doubles until a process
// has lived for kGrownUp.
class Supervisor {
 public:
  static constexpr std::chrono::milliseconds kShortestPause{25};
  static constexpr std::chrono::milliseconds kLongestPause{1000};
  static constexpr std::chrono::seconds kGrownUp{10};

  explicit Supervisor(HostOptions options) : options_(std::move(options)) {}
  // Waits for a start that is under way.
  ~Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // The process that runs; one is started if none does. UNAVAILABLE "token_host_down" when that is not done by
  // `deadline`; otherwise errors as HostProcess::Start.
  Result<std::shared_ptr<HostProcess>> Running(Deadline deadline);

  // Runs `call` with the process, and once more with a new one when the first ended meanwhile, if that had ever
  // answered: for calls that may be made twice.
  Result<Reply> Call(Deadline deadline, const std::function<Result<Reply>(HostProcess&)>& call);

  // One that is sent once. Errors as HostProcess::Call.
  Result<Reply> CallOnce(const Request& request);

 private:
  using ProcessPtr = std::shared_ptr<HostProcess>;

  void BeginStart() RK_REQUIRES(mutex_);
  void Start(const ProcessPtr& before);
  Result<ProcessPtr> StartGuarded(const ProcessPtr& before) const;

  const HostOptions options_;
  Mutex mutex_;
  CondVar changed_;
  bool starting_ RK_GUARDED_BY(mutex_) = false;
  std::uint64_t starts_ RK_GUARDED_BY(mutex_) = 0;  // that have ended, well or not
  ProcessPtr process_ RK_GUARDED_BY(mutex_);        // perhaps dead, and then not replaced yet
  std::chrono::milliseconds pause_ RK_GUARDED_BY(mutex_) = kShortestPause;
  Deadline not_before_ RK_GUARDED_BY(mutex_){};
  std::optional<Error> failure_ RK_GUARDED_BY(mutex_);  // of the last start
  std::jthread starter_ RK_GUARDED_BY(mutex_);          // last: it uses the rest
};

}  // namespace rootkeep::isolated
