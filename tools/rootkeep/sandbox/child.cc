#include "tools/rootkeep/sandbox/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

extern "C" {
#include <sys/pidfd.h>  // in glibc 2.36 it does not say by itself that it is C
}

namespace rootkeep::cli {
namespace {

// Between fork and exec: only calls that signal-safety(7) lists.
[[noreturn]] void BecomeChild(char* const* argv, int input, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

Result<Child> Child::Start(const std::vector<std::string>& argv, const std::string& log_path) {
  const Fd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!input.valid()) return ErrnoError("open /dev/null", errno);
  const Fd output(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output.valid()) return ErrnoError("open " + log_path, errno);
  if (access(argv.front().c_str(), X_OK) != 0) return ErrnoError("run " + argv.front(), errno);
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t parent = getpid();
  // Or a signal that comes before exec would run our handler in the child, and be lost.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) BecomeChild(pointers.data(), input.get(), output.get(), parent);
  const int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return ErrnoError("fork", fork_error);
  Fd pidfd(pidfd_open(pid, 0));
  const int error = errno;
  Child child(pid, std::move(pidfd));
  if (!child.pidfd_.valid()) return ErrnoError("pidfd_open", error);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), exit_code_(other.exit_code_) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    (void)Stop(std::chrono::seconds(5));
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    exit_code_ = other.exit_code_;
  }
  return *this;
}

bool Child::WaitEnded(std::chrono::milliseconds patience) const {
  if (pid_ < 0) return true;
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&ended, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

int Child::Stop(std::chrono::milliseconds patience) {
  if (pid_ < 0) return exit_code_;
  kill(pid_, SIGTERM);
  if (!WaitEnded(patience)) kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

}  // namespace rootkeep::cli
