#include "tools/rootkeep-agent/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {
namespace {

constexpr std::size_t kEntry = 64 * 1024;  // octets that a user's or group's entry may have

std::optional<std::uint32_t> Number(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // The last one means "nobody in particular" to chown(2).
  const bool whole = error == std::errc() && end == text.data() + text.size() && number != ~std::uint32_t{0};
  return whole ? std::optional(number) : std::nullopt;
}

Error Unknown(const char* what, const std::string& name, int error) {
  if (error != 0 && error != ENOENT) return ErrnoError(std::string("look up ") + what + " " + name, error);
  return NotFound(std::string("this system has no ") + what + " " + name);
}

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

Result<uid_t> UserNumber(const std::string& user) {
  if (const auto number = Number(user)) return uid_t{*number};
  std::vector<char> memory(kEntry);
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(user.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr) return Unknown("user", user, error);
  return entry.pw_uid;
}

Result<gid_t> GroupNumber(const std::string& group) {
  if (const auto number = Number(group)) return gid_t{*number};
  std::vector<char> memory(kEntry);
  struct group entry{};
  struct group* found = nullptr;
  const int error = getgrnam_r(group.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr) return Unknown("group", group, error);
  return entry.gr_gid;
}

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
