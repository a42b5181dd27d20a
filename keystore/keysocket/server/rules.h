// Who may use which key on which socket. Pure.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "keystore/key_spec.h"

namespace rootkeep::keysocket {

// The other end of a connection, as the kernel knew it when the connection was made (SO_PEERCRED).
struct Caller {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct KeyPattern {
  std::string token;  // as ServedToken calls it; empty: any
  KeyUse use = KeyUse::kApp;
  std::string name;  // exact, or a beginning followed by "*"
};

struct Grant {
  // Whoever is one of these users, or has one of these groups as its process's own; both empty: whoever the file's mode
  // lets connect.
  std::vector<uid_t> users;
  std::vector<gid_t> groups;
  std::vector<KeyPattern> keys;
  bool may_create = false;
};

struct SocketOptions {
  std::string name;  // for logs
  std::string path;
  // Of the file; not given: this process's own.
  std::optional<uid_t> owner;
  std::optional<gid_t> group;
  mode_t mode = 0600;
  // The CA service's own socket: rootkeep-ca and log keys are served here and nowhere else, and nothing else is.
  bool ca_service = false;
  std::vector<Grant> grants;
};

// FAILED_PRECONDITION, with the name of the socket: a key's use does not fit the socket, or a CA service's socket does
// not say which users may call.
Status CheckSocket(const SocketOptions& socket);

// Whether anything at all is granted to the caller.
bool IsKnown(const SocketOptions& socket, const Caller& caller);
bool MayUse(const SocketOptions& socket, const Caller& caller, std::string_view token, KeyUse use,
            std::string_view name);
bool MayUse(const SocketOptions& socket, const Caller& caller, std::string_view token, const LabelParts& key);
// Whether the caller may use any key of this token's.
bool Concerns(const SocketOptions& socket, const Caller& caller, std::string_view token);
// The token on which the caller may make such a key: the pattern's, or one of `tokens` that is the only one. Nothing
// when it may not.
std::optional<std::string> MayCreate(const SocketOptions& socket, const Caller& caller, const KeySpec& spec,
                                     const std::vector<std::string>& tokens);

}  // namespace rootkeep::keysocket
