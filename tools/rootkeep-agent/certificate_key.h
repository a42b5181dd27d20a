// The key that a certificate is for.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"

namespace rootkeep::agent {

// The newest key of spec's use and name that the catalogue at `catalog_path` lets the agent sign with. When there is
// none and none before that is not RETIRED or DESTROYED, the next generation is made, of spec's type.
// FAILED_PRECONDITION when a key is MISSING ("key_missing") or forbidden otherwise: then an operator decides, and no
// other key takes its place. Errors also as KeyStore's and Catalog's.
Result<std::shared_ptr<const Signer>> OpenOrMakeKey(KeyStore& store, const std::string& catalog_path, KeySpec spec);

}  // namespace rootkeep::agent
