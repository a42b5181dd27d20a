#include "tools/rootkeep-agent/agent.h"

#include <fmt/format.h>

#include "keystore/base/log.h"

namespace rootkeep::agent {
namespace {

// Threads for a token beyond those that sign: others wait in its queue, by urgency.
constexpr unsigned kSpareWorkers = 4;

// Of a socket that a service manager made, its starter sees to the directory.
Status MakeDirectories(const std::vector<keysocket::SocketOptions>& sockets, const std::map<std::string, Fd>& adopted) {
  for (const auto& socket : sockets) {
    if (adopted.contains(socket.name)) continue;
    RK_RETURN_IF_ERROR(MakeDirectory(socket.path.substr(0, std::max<std::size_t>(socket.path.rfind('/'), 1)), 0755));
  }
  return Ok();
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::Start(const AgentConfig& config, std::map<std::string, Fd> adopted) {
  RK_TRY(auto sockets, SocketsOf(config));
  RK_RETURN_IF_ERROR(MakeDirectory(config.state_directory, 0700));
  auto agent = std::unique_ptr<Agent>(new Agent({.modules = config.modules,
                                                 .pin_directory = config.state_directory + "/pins",
                                                 .token_host = config.token_host,
                                                 .log_level = config.log.level}));
  std::vector<keysocket::ServedToken> tokens;
  for (const config::Token& token : config.tokens) {
    auto store = agent->opener_.Open(token);
    if (!store.ok()) return std::move(store).error().Within(fmt::format("prepare token {}", token.name));
    tokens.push_back({.name = token.name, .store = *std::move(store), .workers = token.max_sessions + kSpareWorkers});
  }
  RK_RETURN_IF_ERROR(MakeDirectories(sockets, adopted));
  RK_TRY(agent->server_, keysocket::Server::Start(std::move(sockets), std::move(tokens), {}, std::move(adopted)));
  for (const SocketConfig& socket : config.sockets) {
    log::Info("agent.serving", {{"socket", socket.name}, {"path", socket.path}, {"ca_service", socket.ca_service}});
  }
  return agent;
}

}  // namespace rootkeep::agent
