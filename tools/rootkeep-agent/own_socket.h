// How this program itself signs with its tokens' keys in TLS: gRPC takes a private key as PEM only, so it is given a
// key reference, which rootkeep.so in this process resolves on a key socket of this process's own.
#pragma once

#include <optional>
#include <string>

#include "keystore/keysocket/server/rules.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {

// What logs and metrics call it: no socket of the configuration can be called so.
inline constexpr char kOwnSocketName[] = "(the agent's own)";

// Loads rootkeep.so into OpenSSL's default library context, behind the providers that are there, or the default one
// where there are none: for good, before other threads use OpenSSL. `module` is its path; empty: where OpenSSL looks
// for providers. UNAVAILABLE with OpenSSL's reason.
Status LoadOwnProvider(const std::string& module);

// The socket, in the state directory: for this process's user, and the keys of the certificates that are shown: the
// relay's, and all that are had by neither attestation nor key evidence. INVALID_ARGUMENT when its path is too long for
// one.
Result<keysocket::SocketOptions> OwnSocket(const AgentConfig& config);

// Both; nothing where no certificates are shown. When one of them is not to be had: an error where there is a relay,
// which can show nothing else, and otherwise nothing and a warning in the log.
Result<std::optional<keysocket::SocketOptions>> PrepareOwnSocket(const AgentConfig& config);

}  // namespace rootkeep::agent
