#include "tools/rootkeep-agent/minder.h"

#include <condition_variable>
#include <mutex>

#include "keystore/base/guard.h"

namespace rootkeep::agent {

void Minder::Round() {
  parts_.hardware.Probe(parts_.reports);
  parts_.keys.Round();
  if (std::chrono::steady_clock::now() >= next_look_) LookAtTokens();
}

void Minder::LookAtTokens() {
  next_look_ = After(kTokensPeriod);
  for (const config::Token& token : parts_.tokens) {
    if (!parts_.hardware.Up(token.name)) continue;
    parts_.foreign_ca_keys.Round(parts_.hardware.Token(token.name), {.label = token.label, .serial = token.serial});
    parts_.space.Look(token.name, parts_.hardware.Token(token.name));
  }
}

void Minder::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::condition_variable_any wake;
    std::mutex mutex;
    while (!stop.stop_requested()) {
      RunGuarded("minder_exception", [this] { Round(); });
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kPeriod, [] { return false; });
    }
  });
}

}  // namespace rootkeep::agent
