// rootkeep-token-host: the only process that loads a vendor's PKCS#11 module and holds the token's PIN, when the
// configuration says so. rootkeepd starts it, speaks to it over private sockets, and ends it when a call hangs.
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <thread>

#include "keystore/base/log.h"
#include "keystore/isolated/host/confine.h"
#include "keystore/isolated/host/server.h"
#include "keystore/pkcs11/store.h"

extern "C" {
#include <linux/close_range.h>
}

namespace {

using namespace rootkeep;
using namespace rootkeep::isolated;

constexpr std::chrono::seconds kPatience{10};
constexpr unsigned kEndSeconds = 3;  // for the module to let go of its token

constexpr char kHelp[] =
    "usage: rootkeep-token-host\n"
    "Holds a PKCS#11 module and a token's PIN for rootkeepd, which starts it when a token's `isolation` in the\n"
    "configuration says so. There is nothing to run by hand: it wants a socket of rootkeepd's.\n"
    "example: rootkeep-token-host --version\n";

bool IsControlSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// rootkeepd decides when this process ends, by the control socket: what is sent to a service's whole group must not cut
// off the calls that rootkeepd still finishes. What a module writes to may go away, or be full.
void IgnoreSignals() {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ}) signal(number, SIG_IGN);
}

// The kernel, when it has no memory left, is to take this process and not rootkeepd.
void BeTheFirstToGo() {
  if (FILE* file = std::fopen("/proc/self/oom_score_adj", "we"); file != nullptr) {
    std::fputs("1000", file);
    std::fclose(file);
  }
}

// Returns when the other side has closed the control socket. From then on the process has kEndSeconds, wherever its
// other threads are.
void WatchControl() {
  for (;;) {
    pollfd entry{.fd = kControlFd, .events = POLLRDHUP, .revents = 0};
    if (poll(&entry, 1, -1) > 0) break;
  }
  alarm(kEndSeconds);
}

Result<std::shared_ptr<KeyStore>> OpenToken(pkcs11::ModuleRegistry& modules, const TokenSetup& setup) {
  RK_TRY(auto pin, pkcs11::PinSource::Parse(setup.pin_source));
  // An unsafe PIN file is a policy fault, told at start and not when the token first wants the PIN.
  RK_RETURN_IF_ERROR(pin.Read());
  RK_TRY(auto module, modules.Load({.path = setup.module_path,
                                    .environment = {setup.environment.begin(), setup.environment.end()}}));
  const Status initialised = module->Initialise(After(kPatience));
  // With some modules an absent device shows here; the next call tries again.
  if (!initialised.ok()) log::Warning("module_not_initialised", {{"detail", initialised.error().ToString()}});
  return pkcs11::OpenStore(std::move(module), {.label = setup.token_label, .serial = setup.token_serial},
                           std::move(pin), {.max_sessions = setup.max_sessions, .max_waiting = setup.max_waiting});
}

// Until the other side closes the control socket.
Status Serve() {
  Channel control{Fd(kControlFd)};
  RK_TRY(auto received, control.ReceiveWithSockets(kMostChannels));
  const auto refuse = [&control](const Error& error) -> Status {
    (void)control.Send(Encode(NumberedReply{0, error}), After(kPatience));
    return error;
  };
  const auto setup = DecodeSetup(received.message);
  if (!setup.ok()) return refuse(setup.error());
  RK_RETURN_IF_ERROR(log::Start(setup->log_level, ""));
  if (const Status confined = Confine(setup->network); !confined.ok()) return refuse(confined.error());
  std::jthread watch(WatchControl);
  pkcs11::ModuleRegistry modules(setup->pin_directory);
  const auto store = OpenToken(modules, *setup);
  if (!store.ok()) return refuse(store.error());
  std::vector<Channel> channels;
  for (Fd& socket : received.sockets) channels.emplace_back(std::move(socket));
  const Server server(**store, std::move(channels));
  RK_RETURN_IF_ERROR(control.Send(Encode(NumberedReply{0, Done{}}), After(kPatience)));
  watch.join();
  return Ok();
}

int RunGuarded() {
  try {
    const Status served = Serve();
    if (served.ok()) return 0;
    log::Failure("token_host_failed", {{"detail", served.error().ToString()}});
  } catch (...) {
    log::Failure("token_host_failed", {{"detail", "a library threw an exception"}});
  }
  // Threads may be in the module, and never come back.
  _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  BeTheFirstToGo();
  // Before there is anything to see: no other process of this user looks into this one.
  prctl(PR_SET_DUMPABLE, 0);
  const std::string_view word = argc == 2 ? argv[1] : "";
  if (word == "--help" || word == "-h") {
    fmt::print("{}", kHelp);
    return 0;
  }
  if (word == "--version") {
    fmt::print("rootkeep-token-host {}\n", ROOTKEEP_VERSION);
    return 0;
  }
  if (argc != 1 || !IsControlSocket(kControlFd)) {
    fmt::print(stderr, "{}", kHelp);
    return 2;
  }
  if (close_range(kControlFd + 1, ~0U, 0) != 0) return 1;
  IgnoreSignals();
  return RunGuarded();
}
