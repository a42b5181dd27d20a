// rootkeep-agent's configuration, validated and with every default in place. The fields are explained where they are
// declared: proto/rootkeep/agent/v1/agent.proto.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/catalog/replaced.h"
#include "keystore/key_uri.h"
#include "keystore/keysocket/server/rules.h"
#include "tools/config/config.h"
#include "tools/config/problems.h"
#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/owned_file.h"
#include "tools/rootkeep-agent/relay_config.h"

namespace rootkeep::agent {

struct GrantConfig {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<keysocket::KeyPattern> keys;
  bool may_create = false;
};

struct SocketConfig {
  std::string name;
  std::string path;
  std::string owner;  // empty: the agent's own
  std::string group;
  mode_t mode = 0600;
  bool ca_service = false;
  std::vector<GrantConfig> grants;
};

// A key that another tool made.
struct NamedKeyConfig {
  std::string name;  // as grants have it
  KeyUse use = KeyUse::kApp;
  KeyUri uri;
  std::string token;
};

struct AgentConfig {
  std::string state_directory = "/var/lib/rootkeep-agent";
  std::string token_host;        // empty: what FindTokenHost finds
  std::string openssl_provider;  // empty: where OpenSSL looks
  std::vector<config::Module> modules;
  std::vector<config::Token> tokens;
  std::vector<NamedKeyConfig> keys;
  std::vector<SocketConfig> sockets;
  std::vector<CertificateConfig> certificates;
  std::optional<RelayConfig> relay;
  std::vector<config::Operations> operations;
  ReplacedKeysPolicy replaced_keys;
  std::chrono::seconds drain{10};
  config::Log log;
};

inline constexpr std::uint32_t kAgentConfigVersion = 1;

// Nothing, and at least one problem, when the text is not a valid configuration. Touches no file.
std::optional<AgentConfig> ParseAgentConfig(std::string_view text, config::Problems& problems);

// Reads the file, which nobody but root or this process's user may be able to write, and parses it.
// INVALID_ARGUMENT with reason "config" and all problems, or why it cannot be read.
Result<AgentConfig> LoadAgentConfig(const std::string& path);

// With the users and groups of this system. NOT_FOUND for one that it does not have; errors as keysocket::CheckSocket.
Result<std::vector<keysocket::SocketOptions>> SocketsOf(const AgentConfig& config);
Result<FileAccess> AccessOf(const CertificateConfig& certificate);

}  // namespace rootkeep::agent
