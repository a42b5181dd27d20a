#include "tools/rootkeep/sandbox/running_daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <ranges>

#include "signer/client/health_client.h"
#include "tools/rootkeep/sandbox/stop_signal.h"

namespace rootkeep::cli {
namespace {

constexpr std::chrono::milliseconds kPause{5};
constexpr std::array<const char*, 3> kListeners{"istio", "health", "operations"};  // callers' sockets may come before

}  // namespace

Result<std::string> FindDaemon() {
  std::error_code error;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return ErrnoError("readlink /proc/self/exe", error.value());
  for (const auto& path : {here / "rootkeepd", here.parent_path() / "rootkeepd" / "rootkeepd"}) {
    if (std::filesystem::is_regular_file(path, error)) return path.string();
  }
  return NotFound("rootkeepd is not beside this program").WithHint("name it with --daemon");
}

Status RunningDaemon::Pause(Deadline deadline, const char* what) {
  if (WaitForStop(kPause, child_.ended_fd())) return Error(Code::kCancelled, "stopped by a signal");
  if (child_.WaitEnded(std::chrono::milliseconds(0))) {
    const auto lines = log_.Next();
    if (lines.ok() && !lines->empty()) last_words_ = lines->back().text;
    return FailedPrecondition(fmt::format("rootkeepd ended with exit code {} while {}", Stop(kPause), what))
        .WithHint("it said: " + last_words_);
  }
  if (std::chrono::steady_clock::now() >= deadline) {
    return DeadlineExceeded(fmt::format("too long {}", what)).WithHint("it said: " + last_words_);
  }
  return Ok();
}

Result<std::unique_ptr<RunningDaemon>> RunningDaemon::Start(const std::string& binary, const std::string& config_path,
                                                            const std::string& log_path, Deadline deadline) {
  DaemonLog log(log_path);
  RK_TRY(Child child, Child::Start({binary, "--config", config_path}, log_path));
  std::unique_ptr<RunningDaemon> daemon(new RunningDaemon(std::move(child), std::move(log)));
  RK_RETURN_IF_ERROR(daemon->WaitListening(deadline));
  return daemon;
}

Status RunningDaemon::WaitListening(Deadline deadline) {
  const auto is_there = [this](const char* listener) { return addresses_.contains(listener); };
  while (!std::ranges::all_of(kListeners, is_there)) {
    RK_RETURN_IF_ERROR(Pause(deadline, "waiting for it to listen"));
    RK_TRY(const auto lines, log_.Next());
    for (const LogLine& line : lines) {
      if (line.event == "listening") addresses_[line.Field("listener")] = line.Field("address");
      last_words_ = line.text;
    }
  }
  return Ok();
}

Status RunningDaemon::WaitServing(Deadline deadline) {
  RK_TRY(const auto channel, OpenLoopbackChannel(health_address()));
  for (;;) {
    const auto serving = IsServing(channel, "", After(std::chrono::seconds(1)));
    if (serving.ok() && *serving) return Ok();
    RK_RETURN_IF_ERROR(Pause(deadline, "waiting for it to be ready"));
  }
}

Result<LogLine> RunningDaemon::WaitRefusal(Deadline deadline) {
  for (;;) {
    RK_TRY(const auto lines, log_.Next());
    for (const LogLine& line : std::views::reverse(lines)) {
      if (line.event == "request_refused") return line;
    }
    RK_RETURN_IF_ERROR(Pause(deadline, "waiting for the audit line"));
  }
}

}  // namespace rootkeep::cli
