// The agent: its tokens, and the sockets on which it serves their keys.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/keysocket/server/server.h"
#include "tools/hardware/token_opener.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {

class Agent {
 public:
  // Absent tokens are no error: their keys are served when they come. FAILED_PRECONDITION and others for a module that
  // cannot be loaded, a PIN source that is not safe, a socket that cannot be made. `adopted` as Server::Start.
  static Result<std::unique_ptr<Agent>> Start(const AgentConfig& config, std::map<std::string, Fd> adopted);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Finishes the calls under way.
  void Drain(std::chrono::milliseconds patience) { server_->Drain(patience); }

 private:
  explicit Agent(TokenSurroundings surroundings) : opener_(std::move(surroundings)) {}

  TokenOpener opener_;
  std::unique_ptr<keysocket::Server> server_;
};

}  // namespace rootkeep::agent
