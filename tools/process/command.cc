#include "tools/process/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"

extern "C" {
#include <sys/pidfd.h>  // in glibc 2.36 it does not say by itself that it is C
}

namespace rootkeep {
namespace {

char kPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class SpawnOptions {
 public:
  SpawnOptions() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }

  // Signals as a program expects them: this process blocks and ignores some.
  int Prepare() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (const int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)) {
      return error;
    }
    // Libraries do not close all of theirs on exec: a connection to a TPM is not another program's.
    return posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  }

  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};
};

Result<pid_t> Spawn(const std::vector<std::string>& argv) {
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<char*, 2> environment{kPath, nullptr};
  SpawnOptions options;
  int error = options.Prepare();
  pid_t pid = -1;
  if (error == 0) {
    error =
        posix_spawn(&pid, pointers.front(), &options.actions, &options.attributes, pointers.data(), environment.data());
  }
  if (error != 0) return ErrnoError("run " + argv.front(), error);
  return pid;
}

// Waits until the process has ended; false when the limit or the stop came first.
bool WaitEnded(int pidfd, int stopped, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    std::array<pollfd, 2> watched{
        {{.fd = pidfd, .events = POLLIN, .revents = 0}, {.fd = stopped, .events = POLLIN, .revents = 0}}};
    const int ready = poll(watched.data(), watched.size(), static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    return watched[0].revents != 0;
  }
}

Status Judge(const std::string& program, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok();
  if (WIFEXITED(status)) {
    return FailedPrecondition(fmt::format("{} ended with status {}", program, WEXITSTATUS(status)));
  }
  return FailedPrecondition(fmt::format("{} was ended by signal {}", program, WTERMSIG(status)));
}

}  // namespace

Status RunCommand(const std::vector<std::string>& argv, std::chrono::milliseconds limit, const std::stop_token& stop) {
  const Fd stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped.valid()) return ErrnoError("eventfd", errno);
  RK_TRY(const pid_t pid, Spawn(argv));
  const std::stop_callback on_stop(stop, [&stopped] { eventfd_write(stopped.get(), 1); });
  const Fd pidfd(pidfd_open(pid, 0));
  const int unseen = pidfd.valid() ? 0 : errno;
  const bool ended = pidfd.valid() && WaitEnded(pidfd.get(), stopped.get(), After(limit));
  if (!ended) kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (unseen != 0) return ErrnoError("pidfd_open", unseen);
  if (ended) return Judge(argv.front(), status);
  if (stop.stop_requested()) return Error(Code::kCancelled, argv.front() + " was ended with this program");
  return Error(Code::kDeadlineExceeded, fmt::format("{} had not ended after {} s", argv.front(),
                                                    std::chrono::duration_cast<std::chrono::seconds>(limit).count()));
}

}  // namespace rootkeep
