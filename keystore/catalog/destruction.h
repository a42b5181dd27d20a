// The end of a key, in two phases.
#pragma once

#include "keystore/catalog/catalog.h"
#include "keystore/key_store.h"

namespace rootkeep {

// Destroys the RETIRED key of that label in its token: the order is durable first, then the token destroys it and is
// asked whether it is gone, then the row is DESTROYED. Interrupted, it is finished by doing it again; a sweep reports
// it meanwhile. A MISSING key that was retired becomes DESTROYED when the token, asked now, does not hold it. The
// public half that an interrupted destruction left goes too: one with the row's label, id and public key.
//   NOT_FOUND, or FAILED_PRECONDITION "key_state"  no such row, or one that is not RETIRED
//   FAILED_PRECONDITION "key_token"                the row is another token's
//   DATA_LOSS "key_another"                        another key has its label or id; nothing is destroyed
//   UNIMPLEMENTED                                  the backend destroys no keys
// Whatever the token answers but success leaves the order and no more.
Status DestroyKey(Catalog& catalog, KeyStore& store, const TokenName& token, const std::string& label,
                  const Clock& clock, Deadline deadline);

}  // namespace rootkeep
