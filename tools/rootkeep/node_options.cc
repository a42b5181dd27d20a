#include "tools/rootkeep/node_options.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "keystore/base/bytes.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

Result<std::string> DatabaseOf(const NodeOptionsGiven& given) {
  if (given.config.empty() == given.state.empty()) return UsageError("give one of --config and --state");
  std::string state = given.state;
  if (state.empty()) {
    RK_TRY(const config::Config config, config::LoadConfig(given.config));
    state = config.state_directory;
  }
  RK_TRY(const store::StateDir directory, store::StateDir::Look(state));
  return directory.database_path();
}

}  // namespace

void DeclareNodeOptions(Options& options, NodeOptionsGiven& into) {
  options.Text("--config", into.config, "rootkeepd's configuration, to take the state directory from")
      .Text("--state", into.state, "rootkeepd's state directory");
}

Result<std::unique_ptr<NodeStore>> LookAtNodes(const NodeOptionsGiven& given) {
  RK_TRY(const std::string path, DatabaseOf(given));
  return NodeStore::Look(path);
}

Result<std::unique_ptr<NodeStore>> OpenNodes(const NodeOptionsGiven& given) {
  RK_TRY(const std::string path, DatabaseOf(given));
  // Opening to write would make a database where there is none.
  RK_RETURN_IF_ERROR(NodeStore::Look(path));
  return NodeStore::Open(path);
}

Result<Node> FindNode(NodeStore& nodes, const std::string& id) {
  RK_TRY(auto node, nodes.Find(id));
  if (!node) return NotFound(fmt::format("there is no node {}", id)).WithHint("rootkeep node list");
  return *std::move(node);
}

Result<std::string> EkOf(const std::string& text) {
  constexpr std::size_t kOctets = 32;
  const auto digest = FromHex(text);
  if (digest && (digest->size() == kOctets || digest->empty())) return ToHex(*digest);
  return InvalidArgument(fmt::format("--ek is the {} hexadecimal digits of an EK's SHA-256", 2 * kOctets));
}

std::string OperatorName() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return entry.pw_name;
  return fmt::format("uid {}", getuid());
}

}  // namespace rootkeep::cli
