// What stands in a file in the place of a private key, for programs with rootkeep.so.
#pragma once

#include <string>

#include "keystore/key_info.h"

namespace rootkeep::agent {

// PEM of the key reference (providers/openssl/README.md, "Key references") for this key of the agent's. `socket_path`:
// where the program finds the agent; empty: where its own configuration says.
std::string KeyReferencePem(const KeyInfo& key, const std::string& socket_path);

}  // namespace rootkeep::agent
