// Destroying a key's objects on a token.
#pragma once

#include "keystore/key_store.h"
#include "keystore/pkcs11/connection.h"

namespace rootkeep::pkcs11 {

// KeyDeleter::Delete and KeyDeleter::DeleteRemains on one connection, whose keys they lock. Of a key the private half
// goes first, so that what an interruption leaves can sign nothing.
Status DestroyKey(Connection& connection, const KeyUri& uri, Deadline deadline);
Status DestroyRemains(Connection& connection, const KeyRemains& remains, Deadline deadline);

}  // namespace rootkeep::pkcs11
