// A PKCS#11 module that tries what a module has no business with, writes down how that went, and is SoftHSM otherwise.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <p11-kit/pkcs11.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

namespace {

CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST list;

class Report {
 public:
  explicit Report(const char* path) : out_(path) { out_ << "{"; }
  ~Report() { out_ << "}\n"; }
  void Say(const char* what, const std::string& result) {
    out_ << (first_ ? "" : ",") << '"' << what << "\":\"" << result << '"';
    first_ = false;
  }
  // A call's result, and errno when it failed.
  void Try(const char* what, long result) { Say(what, result >= 0 ? "ok" : strerrorname_np(errno)); }

 private:
  std::ofstream out_;
  bool first_ = true;
};

long Socket(int family) {
  const int fd = socket(family, SOCK_STREAM, 0);
  if (fd >= 0) close(fd);
  return fd;
}

long Fork(bool as_vfork) {
  const pid_t pid = as_vfork ? static_cast<pid_t>(syscall(SYS_vfork)) : fork();
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(pid, nullptr, 0);
  return pid;
}

rlimit& Unused() {
  static rlimit limit{};
  return limit;
}

std::string Capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct held[2] = {};
  if (syscall(SYS_capget, &header, held) != 0) return "unknown";
  const auto any = held[0].effective | held[0].permitted | held[0].inheritable | held[1].effective | held[1].permitted;
  return any == 0 ? "none" : "some";
}

void TryAll() {
  Report report(std::getenv("ROOTKEEP_ESCAPE_REPORT"));
  char* const no_words[] = {nullptr};
  report.Try("execve", execve("/bin/true", no_words, no_words));
  report.Try("fork", Fork(false));
  report.Try("vfork", Fork(true));
  report.Try("ptrace_parent", ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr));
  report.Try("kill_parent", kill(getppid(), 0));
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  report.Try("sigqueue_parent", syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
  report.Try("tkill", syscall(SYS_tkill, getppid(), 0));
  report.Try("prlimit_parent", prlimit(getppid(), RLIMIT_CORE, nullptr, &Unused()));
  report.Try("setown", fcntl(2, F_SETOWN, getppid()));
  // The kernel drops the upper half.
  report.Try("setown_high", syscall(SYS_fcntl, 2, (1L << 32) | F_SETOWN, getppid()));
  report.Try("tiocsti", ioctl(2, TIOCSTI, "x"));
  report.Try("raise", raise(SIGCONT));
  report.Try("socket_inet", Socket(AF_INET));
  report.Try("socket_inet6", Socket(AF_INET6));
  report.Try("socket_netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  report.Try("socket_packet", socket(AF_PACKET, SOCK_RAW, 0));
  report.Try("socket_unix", Socket(AF_UNIX));
  report.Try("io_uring", syscall(SYS_io_uring_setup, 1, nullptr));
  report.Try("unshare", unshare(CLONE_NEWUSER));
  report.Try("mount", mount("none", "/mnt", "tmpfs", 0, nullptr));
  report.Try("keyctl", syscall(SYS_keyctl, 0, -1, 0));
  report.Try("bpf", syscall(SYS_bpf, 0, nullptr, 0));
  std::thread([] {}).join();
  report.Say("thread", "ok");
  report.Say("capabilities", Capabilities());
  report.Say("no_new_privs", std::to_string(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
  report.Say("dumpable", std::to_string(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)));
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  report.Say("core_limit", std::to_string(limit.rlim_max));
  getrlimit(RLIMIT_FSIZE, &limit);
  report.Say("file_limit", std::to_string(limit.rlim_max));
}

CK_RV Initialize(void* arguments) {
  TryAll();
  return real->C_Initialize(arguments);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** out) {
  if (real == nullptr) {
    void* library = dlopen(std::getenv("ROOTKEEP_ESCAPE_MODULE"), RTLD_NOW);
    if (library == nullptr) return CKR_GENERAL_ERROR;
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
    if (get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    list = *real;
    list.C_GetFunctionList = &C_GetFunctionList;
    list.C_Initialize = &Initialize;
  }
  *out = &list;
  return CKR_OK;
}
