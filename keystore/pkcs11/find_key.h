// The private key that a URI names.
#pragma once

#include "keystore/key_uri.h"
#include "keystore/pkcs11/connection.h"

namespace rootkeep::pkcs11 {

// The one private key that `uri` names. NOT_FOUND "key_not_found", when the token answers; NOT_FOUND for another token;
// FAILED_PRECONDITION "key_ambiguous" for several; otherwise the failed call's error.
Result<CK_OBJECT_HANDLE> FindNamedKey(const Connection& connection, const Module::Use& use, CK_SESSION_HANDLE session,
                                      const KeyUri& uri);

}  // namespace rootkeep::pkcs11
