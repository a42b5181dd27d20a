#include "tools/process/signals.h"

#include <pthread.h>

#include <csignal>

namespace rootkeep {
namespace {

sigset_t Waited() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = Waited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

DaemonSignal WaitForSignal() {
  const sigset_t set = Waited();
  int number = 0;
  sigwait(&set, &number);
  return number == SIGHUP ? DaemonSignal::kReload : DaemonSignal::kStop;
}

}  // namespace rootkeep
