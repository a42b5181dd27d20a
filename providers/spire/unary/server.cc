#include "providers/spire/unary/server.h"

#include <utility>

namespace rootkeep::spire::unary {

Status Server::Admit(Fd connection) {
  const MutexLock lock(mutex_);
  if (ending_) return Unavailable("the plugin ends");
  std::erase_if(connections_, [](const auto& one) { return one->ended(); });
  if (connections_.size() >= kMostConnections) return ResourceExhausted("there are enough connections");
  RK_TRY(auto opened, Connection::Open(std::move(connection), methods_, budget_));
  connections_.push_back(std::move(opened));
  return Ok();
}

void Server::Shutdown(Deadline deadline) {
  std::vector<std::unique_ptr<Connection>> connections;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    connections.swap(connections_);
  }
  for (const auto& connection : connections) connection->EndBy(deadline);
  for (const auto& connection : connections) connection->WaitForEnd();
}

}  // namespace rootkeep::spire::unary
