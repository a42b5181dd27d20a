// The part of the probe that the module and the test both have.
#include "tests/support/probe_module.h"

namespace rootkeep::testing {

void Probe::Stall(Call call) {
  const std::lock_guard lock(mutex);
  (*this)[call].stall = true;
}

void Probe::Release(Call call) {
  const std::lock_guard lock(mutex);
  (*this)[call].stall = false;
  changed.notify_all();
}

void Probe::AwaitStalled(Call call) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this, call] { return (*this)[call].stalled > 0; });
}

void Probe::WaitWhileStalled(Call call) {
  std::unique_lock lock(mutex);
  Watch& watch = (*this)[call];
  if (!watch.stall) return;
  ++watch.stalled;
  changed.notify_all();
  changed.wait(lock, [&watch] { return !watch.stall; });
  --watch.stalled;
}

void Probe::Reset() {
  const std::lock_guard lock(mutex);
  for (Watch& watch : watches) {
    watch.calls = 0;
    watch.failures = 0;
    watch.disguise = 0;
    watch.stall = false;
  }
  write_sessions = 0;
  changed.notify_all();
}

}  // namespace rootkeep::testing
