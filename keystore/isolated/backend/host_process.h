// One run of the token host: its process, and the channels to it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "keystore/isolated/backend/channel_pool.h"
#include "keystore/isolated/backend/reasons.h"
#include "keystore/isolated/backend/spawn.h"
#include "keystore/isolated/wire/messages.h"

namespace rootkeep::isolated {

struct HostOptions {
  std::string program;  // absolute path of rootkeep-token-host
  TokenSetup setup;
  // A call has hung when it is not answered `grace` after its deadline, or, when that is later, after it was given
  // `patience`: a caller in a hurry must not cost the others their process.
  std::chrono::milliseconds patience{3000};
  std::chrono::milliseconds grace{1000};
};

// Thread-safe. With this object the process is asked to end, and after a few seconds killed.
class HostProcess {
 public:
  // Starts the program and has it open the module. Errors are those of opening a module and reading its PIN source, or
  // UNAVAILABLE when the process does not answer by `deadline`.
  static Result<std::shared_ptr<HostProcess>> Start(const HostOptions& options, Deadline deadline);
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  ~HostProcess();

  // One call. `list` takes the keys of a ListCall. UNAVAILABLE "token_host_hung" or "token_host_lost" when there is no
  // answer, or none to this call: the process is then killed. Otherwise errors as ChannelPool::Take, or the host's own
  // answer, an error of its among them. A request whose deadline has passed is not sent.
  Result<Reply> Call(Request request, std::vector<KeyInfo>* list = nullptr);

  [[nodiscard]] bool alive() const { return alive_.load(std::memory_order_acquire); }
  // Whether a call was ever answered.
  [[nodiscard]] bool proved() const { return proved_.load(std::memory_order_relaxed); }
  [[nodiscard]] Deadline started() const { return started_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Another one for every process that was ever started; never 0.
  [[nodiscard]] std::uint32_t number() const { return number_; }

  // Kills the process if it still runs. False when the kernel does not let it go: nothing may take its place yet.
  bool Reap();

 private:
  HostProcess(Spawned process, Channel control, std::vector<Channel> channels, const HostOptions& options);

  Result<Reply> Exchange(Channel& channel, const Request& request, std::vector<KeyInfo>* list);
  void Kill(const Error& why);

  const std::uint32_t number_;
  const Deadline started_ = std::chrono::steady_clock::now();
  const std::chrono::milliseconds patience_;
  const std::chrono::milliseconds grace_;
  const pid_t pid_;
  Mutex process_mutex_;
  Spawned process_ RK_GUARDED_BY(process_mutex_);  // its descriptor's number may be another process's once it is reaped
  Channel control_;                                // the host ends when it is closed
  ChannelPool channels_;
  std::atomic<std::uint32_t> last_request_{0};
  std::atomic<bool> alive_{true};
  std::atomic<bool> proved_{false};
};

}  // namespace rootkeep::isolated
