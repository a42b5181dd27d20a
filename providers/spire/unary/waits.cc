#include "providers/spire/unary/waits.h"

#include <algorithm>

#include "keystore/base/guard.h"

namespace rootkeep::spire::unary {

void Waits::AppendTo(std::vector<pollfd>& watched) const {
  for (const Wait& wait : waits_) watched.push_back({wait.fd, POLLIN, 0});
}

Deadline Waits::deadline() const {
  Deadline first = Deadline::max();
  for (const Wait& wait : waits_) first = std::min(first, wait.until);
  return first;
}

void Waits::Serve(std::span<const pollfd> watched) {
  const Deadline now = std::chrono::steady_clock::now();
  for (std::size_t i = watched.size(); i-- > 0;) {
    const bool readable = watched[i].revents != 0;
    if (!readable && now < waits_[i].until) continue;
    // A call that is dropped by an exception is answered.
    const Wait over = std::move(waits_[i]);
    waits_.erase(waits_.begin() + static_cast<std::ptrdiff_t>(i));
    RunGuarded("spire.exception", [&] { over.then(readable); });
  }
}

}  // namespace rootkeep::spire::unary
