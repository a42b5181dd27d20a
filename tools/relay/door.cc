#include "tools/relay/door.h"

#include <chrono>
#include <utility>

#include "tools/accept/tcp_listener.h"

namespace rootkeep::relay {

Result<std::unique_ptr<Door>> Door::Open(const std::vector<std::string>& addresses, Networks clients,
                                         ConnectionLimits limits, Observer& observer) {
  auto door = std::unique_ptr<Door>(new Door(std::move(clients), limits, observer));
  for (const std::string& address : addresses) {
    RK_TRY(TcpListener listener, ListenTcp(address));
    door->addresses_.push_back(address);
    door->listeners_.push_back(std::move(listener.socket));
    door->ports_.push_back(listener.port);
  }
  return door;
}

Status Door::Serve(std::function<void(Fd)> serve) {
  serve_ = std::move(serve);
  std::vector<AcceptLoop::Door> doors;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    doors.push_back({.listener = listeners_[i].get(), .name = "relay " + addresses_[i]});
  }
  return loop_.Start(std::move(doors), *this);
}

void Door::Stop() {
  loop_.Stop();
  listeners_.clear();
}

std::optional<Doorkeeper::Admission> Door::Admit(std::size_t /*door*/, int connection) {
  const auto peer = PeerOf(connection);
  if (!peer) return std::nullopt;  // gone again
  auto place = rules_.Admit(*peer, std::chrono::steady_clock::now());
  if (place.ok()) return Admission{.place = *std::move(place)};
  observer_.Refused({.why = place.error().reason(), .peer = ToText(*peer)});
  return std::nullopt;
}

}  // namespace rootkeep::relay
