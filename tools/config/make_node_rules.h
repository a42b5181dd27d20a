// From configuration to what nodes are judged by.
#pragma once

#include <memory>

#include "signer/node/node_rules.h"
#include "tools/config/config.h"

namespace rootkeep::config {

// Reads the files that `config.attestation`, which is there, names: each guarded (ReadGuardedFile) and at most 64 MiB.
// INVALID_ARGUMENT with reason "attestation", and a message that says which, for what is in them or does not fit
// together: certificates, the inventory, a group that no node's entry may name.
Result<std::shared_ptr<const NodeRules>> MakeNodeRules(const Config& config);

}  // namespace rootkeep::config
