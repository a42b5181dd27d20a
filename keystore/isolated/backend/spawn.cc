#include "keystore/isolated/backend/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "keystore/isolated/backend/reasons.h"
#include "keystore/isolated/wire/messages.h"

extern "C" {
#include <sys/pidfd.h>  // in glibc 2.36 it does not say by itself that it is C
}

namespace rootkeep::isolated {
namespace {

constexpr std::chrono::seconds kReapPatience{2};

struct FileActions {
  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t actions{};
};

struct Attributes {
  Attributes() { posix_spawnattr_init(&attributes); }
  ~Attributes() { posix_spawnattr_destroy(&attributes); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t attributes{};
};

// Signals as a program expects them at its start, and a session of its own: Ctrl-C is for whoever started us, we end
// the host, and a terminal is nothing for a module.
void SetAttributes(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

std::string EndInWords(const siginfo_t& end) {
  if (end.si_code == CLD_EXITED) return fmt::format("exit code {}", end.si_status);
  return fmt::format("signal {}", end.si_status);
}

}  // namespace

Result<Spawned> Spawn(const std::string& program, int control) {
  FileActions files;
  posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files.actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files.actions, control, kControlFd);
  Attributes attributes;
  SetAttributes(attributes.attributes);
  std::string name = program;
  char* const argv[] = {name.data(), nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &files.actions, &attributes.attributes, argv, environ);
  if (error != 0) {
    return ErrnoError("run " + program, error).WithCode(Code::kFailedPrecondition).WithReason(kReasonHostProgram);
  }
  Spawned spawned{.pid = pid, .pidfd = Fd(pidfd_open(pid, 0))};
  if (spawned.pidfd.valid()) return spawned;
  const Error failure = ErrnoError("pidfd_open", errno);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return failure;
}

void Spawned::Kill() const { (void)pidfd_send_signal(pidfd.get(), SIGKILL, nullptr, 0); }

bool Spawned::WaitEnded(std::chrono::milliseconds patience) const {
  pollfd ended{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&ended, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

std::optional<std::string> Spawned::Reap() {
  Kill();
  if (!WaitEnded(kReapPatience)) return std::nullopt;
  siginfo_t end{};
  const bool known = waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &end, WEXITED | WNOHANG) == 0 && end.si_pid != 0;
  pidfd.Reset();
  return known ? EndInWords(end) : "unknown";
}

}  // namespace rootkeep::isolated
