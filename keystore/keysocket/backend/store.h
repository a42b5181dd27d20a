// Keys that another process holds, as a KeyStore like the others.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"

namespace rootkeep::keysocket {

// The store behind the key socket at `path`. Touches nothing, so it succeeds while the agent is away; its calls wait up
// to two seconds for it, and are UNAVAILABLE "agent_down" then. Create is sent once: UNAVAILABLE "agent_lost" leaves
// open whether the key was made. It has a HealthProbe; nobody deletes keys over a socket. URIs are keysocket:, as its
// keys' infos have them; List shows what the agent lets this process's user use.
std::shared_ptr<KeyStore> OpenStore(const std::string& path);

}  // namespace rootkeep::keysocket
