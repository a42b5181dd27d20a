// The key a person means.
#pragma once

#include <string>

#include "keystore/key_store.h"

namespace rootkeep::cli {

// The key in the store that `key` names: a pkcs11: or tpm2: URI, a whole label, or the name in one of our labels.
// NOT_FOUND with the labels there are, and FAILED_PRECONDITION when several keys answer.
// `scheme` is that of the store's URIs.
Result<std::shared_ptr<const Signer>> FindKey(KeyStore& store, const std::string& key,
                                              UriScheme scheme = UriScheme::kPkcs11);

}  // namespace rootkeep::cli
