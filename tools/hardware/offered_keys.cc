#include "tools/hardware/offered_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kLookDeadline{2};
constexpr std::chrono::seconds kBetweenLooks{10};
// What was gone is seen again this late.
constexpr std::chrono::seconds kBetweenLooksForGone{1};
// Whatever an agent says: a CA has a handful.
constexpr std::size_t kMostOffers = 1024;

}  // namespace

void OfferedKeys::Round() {
  for (const std::string& name : sockets_) {
    Socket& socket = looked_[name];
    if (!hardware_.Up(name)) {
      socket.next_look = {};
    } else if (std::chrono::steady_clock::now() >= socket.next_look) {
      Look(name, socket);
    }
  }
}

void OfferedKeys::Look(const std::string& name, Socket& socket) {
  socket.next_look = After(kBetweenLooksForGone);
  const auto keys = hardware_.Token(name).List(After(kLookDeadline));
  if (!keys.ok()) return;  // that the agent does not answer is told by its probe
  for (const KeyInfo& key : *keys) {
    if (socket.offers.size() == kMostOffers) break;
    socket.offers.try_emplace(key.public_key.fingerprint(), Offer{.label = key.label});
  }
  for (auto& [fingerprint, offer] : socket.offers) {
    const bool offered = std::ranges::any_of(
        *keys, [&fingerprint](const KeyInfo& key) { return key.public_key.fingerprint() == fingerprint; });
    if (offer.gone == !offered) continue;
    offer.gone = !offered;
    Tell(name, offer);
  }
  const bool gone = std::ranges::any_of(socket.offers, [](const auto& entry) { return entry.second.gone; });
  if (!gone) socket.next_look = After(kBetweenLooks);
}

void OfferedKeys::Tell(const std::string& name, const Offer& offer) const {
  const std::string component = fmt::format("key {} behind {}", offer.label, name);
  if (offer.gone) {
    log::Failure("key_not_offered", {{"key", offer.label}, {"key_socket", name}});
    reports_.Warn(component, "its agent does not offer it any more");
  } else {
    log::Info("key_returned", {{"key", offer.label}, {"key_socket", name}});
    reports_.Remove(component);
  }
}

std::string OfferedKeys::Trouble(const KeyInfo& key) const {
  for (const auto& [name, socket] : looked_) {
    const auto found = socket.offers.find(key.public_key.fingerprint());
    if (found == socket.offers.end() || !found->second.gone) continue;
    return fmt::format("key \"{}\" is not offered by the agent behind key socket {} any more", key.label, name);
  }
  return "";
}

}  // namespace rootkeep
