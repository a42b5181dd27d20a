// Private keys on a token: finding them, and describing one with its public half and custody facts.
#pragma once

#include <p11-kit/pkcs11.h>

#include <vector>

#include "keystore/key_info.h"
#include "keystore/pkcs11/attributes.h"
#include "keystore/pkcs11/token.h"

namespace rootkeep::pkcs11 {

// Handles of every private key on the token with this CKA_ID and label; an empty one is not compared.
Result<std::vector<CK_OBJECT_HANDLE>> FindPrivateKeys(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                      std::string_view label);

// The same of public keys.
Result<std::vector<CK_OBJECT_HANDLE>> FindPublicKeys(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                     std::string_view label);

// The one handle among several. `none` when there is none; FAILED_PRECONDITION "key_ambiguous" for several.
Result<CK_OBJECT_HANDLE> OnlyOne(const std::vector<CK_OBJECT_HANDLE>& found, std::string_view what, Error none);

// FAILED_PRECONDITION "unusable" with the reason when the key has no CKA_ID, not exactly one public half, or is of no
// KeyType; otherwise the failed call's error.
Result<KeyInfo> DescribeKey(const Module::Use& use, CK_SESSION_HANDLE session, const Token& token,
                            CK_OBJECT_HANDLE private_key);

// The public key objects that may belong to the private one with this id, which is not empty: the only one with the
// id, or those that have the label too.
Result<std::vector<CK_OBJECT_HANDLE>> FindPublicHalves(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                                       std::string_view label);

// The only one of them. FAILED_PRECONDITION "unusable" when there is not exactly one.
Result<CK_OBJECT_HANDLE> FindPublicHalf(const Module::Use& use, CK_SESSION_HANDLE session, ByteView id,
                                        std::string_view label);

}  // namespace rootkeep::pkcs11
