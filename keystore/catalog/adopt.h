// Keys from before the catalogue.
#pragma once

#include "keystore/catalog/catalog.h"

namespace rootkeep {

// Makes a key that the token has ACTIVE from `now` on. Its custody must be `level` for the use in its label, as
// CheckCustody says; ALREADY_EXISTS when a row has its label. Interrupted, it leaves a PENDING row that a creation of
// the same key finishes.
Status Adopt(Catalog& catalog, const KeyInfo& key, CustodyLevel level, const std::vector<std::string>& users,
             WallTime now);
// The same; nothing for a key whose label or public key is in the catalogue.
Status AdoptUnlessKnown(Catalog& catalog, const KeyInfo& key, CustodyLevel level, const std::vector<std::string>& users,
                        WallTime now);

}  // namespace rootkeep
