#include "keystore/isolated/host/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

namespace rootkeep::isolated {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

constexpr rlim_t kMebibyte = rlim_t{1024} * 1024;

// Calls by which a process gets other code to run, looks into others, or changes the machine.
constexpr std::array kForbidden{SCMP_SYS(execve),
                                SCMP_SYS(execveat),
                                SCMP_SYS(fork),
                                SCMP_SYS(vfork),
                                SCMP_SYS(ptrace),
                                SCMP_SYS(process_vm_readv),
                                SCMP_SYS(process_vm_writev),
                                SCMP_SYS(pidfd_getfd),
                                SCMP_SYS(kcmp),
                                SCMP_SYS(mount),
                                SCMP_SYS(umount2),
                                SCMP_SYS(move_mount),
                                SCMP_SYS(open_tree),
                                SCMP_SYS(fsopen),
                                SCMP_SYS(pivot_root),
                                SCMP_SYS(chroot),
                                SCMP_SYS(unshare),
                                SCMP_SYS(setns),
                                SCMP_SYS(init_module),
                                SCMP_SYS(finit_module),
                                SCMP_SYS(delete_module),
                                SCMP_SYS(kexec_load),
                                SCMP_SYS(kexec_file_load),
                                SCMP_SYS(reboot),
                                SCMP_SYS(swapon),
                                SCMP_SYS(swapoff),
                                SCMP_SYS(bpf),
                                SCMP_SYS(perf_event_open),
                                SCMP_SYS(userfaultfd),
                                SCMP_SYS(add_key),
                                SCMP_SYS(request_key),
                                SCMP_SYS(keyctl),
                                SCMP_SYS(open_by_handle_at),
                                SCMP_SYS(io_uring_setup),
                                SCMP_SYS(acct),
                                SCMP_SYS(quotactl),
                                SCMP_SYS(settimeofday),
                                SCMP_SYS(clock_settime),
                                SCMP_SYS(adjtimex),
                                SCMP_SYS(sethostname),
                                SCMP_SYS(setdomainname),
                                SCMP_SYS(syslog),
                                SCMP_SYS(pidfd_send_signal),
                                SCMP_SYS(rt_sigqueueinfo),
                                SCMP_SYS(rt_tgsigqueueinfo),
                                SCMP_SYS(tkill),
                                SCMP_SYS(process_madvise),
                                SCMP_SYS(migrate_pages),
                                SCMP_SYS(move_pages),
                                SCMP_SYS(iopl),
                                SCMP_SYS(ioperm),
                                SCMP_SYS(personality)};

Status Limit(__rlimit_resource_t resource, const char* name, rlim_t most) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) return ErrnoError(std::string("getrlimit ") + name, errno);
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most) most = now.rlim_max;
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  if (setrlimit(resource, &limit) != 0) return ErrnoError(std::string("setrlimit ") + name, errno);
  return Ok();
}

Status SetLimits() {
  RK_RETURN_IF_ERROR(Limit(RLIMIT_CORE, "core", 0));
  RK_RETURN_IF_ERROR(Limit(RLIMIT_FSIZE, "fsize", 256 * kMebibyte));
  RK_RETURN_IF_ERROR(Limit(RLIMIT_NOFILE, "nofile", 1024));
#ifndef ROOTKEEP_SANITIZED  // a sanitizer reserves terabytes
  RK_RETURN_IF_ERROR(Limit(RLIMIT_AS, "as", 8192 * kMebibyte));
#endif
  return Ok();
}

Status Prctl(const char* name, int option, unsigned long value) {
  if (prctl(option, value, 0, 0, 0) != 0) return ErrnoError(std::string("prctl ") + name, errno);
  return Ok();
}

Status DropCapabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> held{};
  if (syscall(SYS_capget, &header, held.data()) != 0) return ErrnoError("capget", errno);
  // A service has none, and its own filter may forbid the call that drops them.
  if (std::ranges::all_of(held, [](const auto& half) { return half.permitted == 0 && half.inheritable == 0; })) {
    return Ok();
  }
  const std::array<__user_cap_data_struct, 2> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) return ErrnoError("capset", errno);
  return Ok();
}

// Argument `index` compares like this; for SCMP_CMP_MASKED_EQ the first datum is the mask.
scmp_arg_cmp When(unsigned index, scmp_compare how, scmp_datum_t first, scmp_datum_t second = 0) {
  return {.arg = index, .op = how, .datum_a = first, .datum_b = second};
}

Status Rule(int result, const char* what) {
  // A call that this architecture does not have needs no rule.
  if (result == 0 || result == -EDOM) return Ok();
  return ErrnoError(std::string("seccomp_rule_add ") + what, -result);
}

// `call` fails when its argument compares like this.
Status Forbid(void* filter, int call, const char* name, scmp_arg_cmp when) {
  return Rule(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, when), name);
}

Status ForbidProcesses(void* filter) {
  // glibc starts threads by clone3, whose flags a filter cannot see; without it, it uses clone.
  RK_RETURN_IF_ERROR(Rule(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0), "clone3"));
  return Forbid(filter, SCMP_SYS(clone), "clone", When(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

// What reaches another process of the same user: signals, limits, scheduling.
Status ForbidReach(void* filter) {
  const auto self = static_cast<scmp_datum_t>(getpid());
  RK_RETURN_IF_ERROR(Forbid(filter, SCMP_SYS(kill), "kill", When(0, SCMP_CMP_NE, self)));
  RK_RETURN_IF_ERROR(Forbid(filter, SCMP_SYS(tgkill), "tgkill", When(0, SCMP_CMP_NE, self)));
  // The kernel looks at the lower half of a command only, so that the filter must too.
  const auto command = [](scmp_datum_t value) { return When(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, value); };
  for (const scmp_datum_t value : {scmp_datum_t{F_SETOWN}, scmp_datum_t{F_SETOWN_EX}, scmp_datum_t{F_SETSIG}}) {
    RK_RETURN_IF_ERROR(Forbid(filter, SCMP_SYS(fcntl), "fcntl", command(value)));
  }
  for (const scmp_datum_t value :
       {scmp_datum_t{FIOSETOWN}, scmp_datum_t{SIOCSPGRP}, scmp_datum_t{TIOCSTI}, scmp_datum_t{TIOCLINUX}}) {
    RK_RETURN_IF_ERROR(Forbid(filter, SCMP_SYS(ioctl), "ioctl", command(value)));
  }
  for (const int call : {SCMP_SYS(prlimit64), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setattr),
                         SCMP_SYS(sched_setparam), SCMP_SYS(sched_setscheduler)}) {
    RK_RETURN_IF_ERROR(Forbid(filter, call, "prlimit64 and sched_set*", When(0, SCMP_CMP_NE, 0)));
  }
  for (const int call : {SCMP_SYS(setpriority), SCMP_SYS(ioprio_set)}) {
    RK_RETURN_IF_ERROR(Forbid(filter, call, "setpriority", When(1, SCMP_CMP_NE, 0)));
  }
  return Ok();
}

Status ForbidNetwork(void* filter) { return Forbid(filter, SCMP_SYS(socket), "socket", When(0, SCMP_CMP_NE, AF_UNIX)); }

Status LoadFilter(bool network) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (filter == nullptr) return Internal("seccomp_init failed");
  for (const int call : kForbidden) {
    RK_RETURN_IF_ERROR(Rule(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0), "forbidden call"));
  }
  RK_RETURN_IF_ERROR(ForbidProcesses(filter.get()));
  RK_RETURN_IF_ERROR(ForbidReach(filter.get()));
  if (!network) RK_RETURN_IF_ERROR(ForbidNetwork(filter.get()));
  // Sorted into a tree: a call of a module then costs few comparisons. An old libseccomp has only the list.
  (void)seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (const int result = seccomp_load(filter.get()); result != 0) return ErrnoError("seccomp_load", -result);
  return Ok();
}

}  // namespace

Status Confine(bool network) {
  // Needs a capability that a service does not have; the filter refuses network sockets in any case.
  if (!network) (void)unshare(CLONE_NEWNET);
  RK_RETURN_IF_ERROR(SetLimits());
  RK_RETURN_IF_ERROR(Prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1));
  RK_RETURN_IF_ERROR(DropCapabilities());
  return LoadFilter(network);
}

}  // namespace rootkeep::isolated
