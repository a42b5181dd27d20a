#include "keystore/keysocket/server/rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep::keysocket {
namespace {

bool IsForCaService(KeyUse use) { return use == KeyUse::kRootkeepCa || use == KeyUse::kLog; }

bool IsFor(const Grant& grant, const Caller& caller) {
  if (grant.users.empty() && grant.groups.empty()) return true;
  return std::ranges::find(grant.users, caller.uid) != grant.users.end() ||
         std::ranges::find(grant.groups, caller.gid) != grant.groups.end();
}

bool Matches(const KeyPattern& pattern, KeyUse use, std::string_view name) {
  if (pattern.use != use) return false;
  const std::string_view wanted = pattern.name;
  if (!wanted.ends_with('*')) return wanted == name;
  return name.starts_with(wanted.substr(0, wanted.size() - 1));
}

bool IsOn(const KeyPattern& pattern, std::string_view token) { return pattern.token.empty() || pattern.token == token; }

// Whether one of the caller's patterns is such.
template <typename Wanted>
bool AnyOf(const SocketOptions& socket, const Caller& caller, Wanted wanted) {
  return std::ranges::any_of(socket.grants, [&](const Grant& grant) {
    return IsFor(grant, caller) && std::ranges::any_of(grant.keys, wanted);
  });
}

}  // namespace

Status CheckSocket(const SocketOptions& socket) {
  for (const Grant& grant : socket.grants) {
    if (socket.ca_service && grant.users.empty()) {
      return FailedPrecondition(
          fmt::format("socket {}: it serves CA keys, and does not say to which users", socket.name));
    }
    if (socket.ca_service && !grant.groups.empty()) {
      return FailedPrecondition(fmt::format("socket {}: it serves CA keys, and names groups", socket.name))
          .WithHint("name the one user that the CA service runs as");
    }
    for (const KeyPattern& pattern : grant.keys) {
      if (IsForCaService(pattern.use) == socket.ca_service) continue;
      return FailedPrecondition(fmt::format(
          "socket {}: a {} key is {}", socket.name, KeyUseName(pattern.use),
          socket.ca_service ? "not for the CA service's socket" : "only for a socket of the CA service's own"));
    }
  }
  return Ok();
}

bool IsKnown(const SocketOptions& socket, const Caller& caller) {
  return std::ranges::any_of(socket.grants, [&caller](const Grant& grant) { return IsFor(grant, caller); });
}

bool MayUse(const SocketOptions& socket, const Caller& caller, std::string_view token, KeyUse use,
            std::string_view name) {
  // Asked here too, whatever the grants say: this is the boundary.
  if (IsForCaService(use) != socket.ca_service) return false;
  return AnyOf(socket, caller,
               [&](const KeyPattern& pattern) { return IsOn(pattern, token) && Matches(pattern, use, name); });
}

bool MayUse(const SocketOptions& socket, const Caller& caller, std::string_view token, const LabelParts& key) {
  return MayUse(socket, caller, token, key.use, key.name);
}

bool Concerns(const SocketOptions& socket, const Caller& caller, std::string_view token) {
  return AnyOf(socket, caller, [&](const KeyPattern& pattern) { return IsOn(pattern, token); });
}

std::optional<std::string> MayCreate(const SocketOptions& socket, const Caller& caller, const KeySpec& spec,
                                     const std::vector<std::string>& tokens) {
  if (IsForCaService(spec.use) != socket.ca_service) return std::nullopt;
  for (const Grant& grant : socket.grants) {
    if (!grant.may_create || !IsFor(grant, caller)) continue;
    for (const KeyPattern& pattern : grant.keys) {
      if (!Matches(pattern, spec.use, spec.name)) continue;
      if (!pattern.token.empty()) return pattern.token;
      if (tokens.size() == 1) return tokens.front();
    }
  }
  return std::nullopt;
}

}  // namespace rootkeep::keysocket
