// The parts of the configuration that name users and groups.
#include <vector>

#include "tools/process/accounts.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {
namespace {

template <typename Id, typename Lookup>
Result<std::vector<Id>> Numbers(const std::vector<std::string>& names, Lookup lookup) {
  std::vector<Id> ids;
  for (const std::string& name : names) {
    RK_TRY(const Id id, lookup(name));
    ids.push_back(id);
  }
  return ids;
}

Result<keysocket::SocketOptions> OptionsOf(const SocketConfig& socket) {
  keysocket::SocketOptions out{.name = socket.name,
                               .path = socket.path,
                               .owner = {},
                               .group = {},
                               .mode = socket.mode,
                               .ca_service = socket.ca_service,
                               .grants = {}};
  if (!socket.owner.empty()) {
    RK_TRY(out.owner, UserNumber(socket.owner));
  }
  if (!socket.group.empty()) {
    RK_TRY(out.group, GroupNumber(socket.group));
  }
  for (const GrantConfig& grant : socket.grants) {
    RK_TRY(auto users, Numbers<uid_t>(grant.users, &UserNumber));
    RK_TRY(auto groups, Numbers<gid_t>(grant.groups, &GroupNumber));
    out.grants.push_back({std::move(users), std::move(groups), grant.keys, grant.may_create});
  }
  RK_RETURN_IF_ERROR(keysocket::CheckSocket(out));
  return out;
}

}  // namespace

Result<FileAccess> AccessOf(const CertificateConfig& certificate) {
  FileAccess access{.owner = {}, .group = {}, .mode = certificate.mode};
  if (!certificate.owner.empty()) {
    auto owner = UserNumber(certificate.owner);
    if (!owner.ok()) return std::move(owner).error().Within("certificate " + certificate.name);
    access.owner = *owner;
  }
  if (!certificate.group.empty()) {
    auto group = GroupNumber(certificate.group);
    if (!group.ok()) return std::move(group).error().Within("certificate " + certificate.name);
    access.group = *group;
  }
  return access;
}

Result<std::vector<keysocket::SocketOptions>> SocketsOf(const AgentConfig& config) {
  std::vector<keysocket::SocketOptions> out;
  for (const SocketConfig& socket : config.sockets) {
    auto options = OptionsOf(socket);
    if (!options.ok()) return std::move(options).error().Within("socket " + socket.name);
    out.push_back(*std::move(options));
  }
  return out;
}

}  // namespace rootkeep::agent
