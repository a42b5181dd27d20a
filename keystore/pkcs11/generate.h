// Making a key pair inside a token.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/key_spec.h"
#include "keystore/pkcs11/attributes.h"
#include "keystore/pkcs11/token.h"

namespace rootkeep::pkcs11 {

// UNIMPLEMENTED when the token's mechanism list has no generator for the type, or none for its size.
Status CheckOffered(const Module::Use& use, CK_SLOT_ID slot, KeyType type);

// Both halves with the same id and label, on the token. The private half is sensitive and signs only; at
// CustodyLevel::kLocalOnly it is not extractable, at kHsmBackup it can be wrapped with trusted keys only
// (CKA_WRAP_WITH_TRUSTED). Needs a read-write session. The private key's handle, or the call's error.
Result<CK_OBJECT_HANDLE> GenerateKeyPair(const Module::Use& use, CK_SESSION_HANDLE session, const KeySpec& spec,
                                         std::string_view label, ByteView id);

}  // namespace rootkeep::pkcs11
