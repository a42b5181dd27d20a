// How many may wait for an operator: what they write came from the network. Internal to this folder.
#pragma once

#include "signer/node/node_store.h"
#include "signer/store/database.h"

namespace rootkeep {

// Whether one more may be held, or ask to become a node's TPM: RESOURCE_EXHAUSTED with reason "node_waiting" when
// NodeStore::kMaxWaiting do, kMaxUnvouched of TPMs that no manufacturer vouches for, or kMaxRivals of those that ask to
// be the same node.
Status CheckRoomToBeHeld(store::Database& database, const Node& node);
Status CheckRoomToAsk(store::Database& database, const BindingRequest& request);

}  // namespace rootkeep
