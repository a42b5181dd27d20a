// The public key that a token keeps beside a private one.
#pragma once

#include <p11-kit/pkcs11.h>

#include "keystore/pkcs11/attributes.h"
#include "keystore/public_key.h"

namespace rootkeep::pkcs11 {

// From a CKO_PUBLIC_KEY object: modulus and exponent, or curve and point (PKCS#11 2.40 mechanisms §2.1.2, §2.3.3).
// INVALID_ARGUMENT when it is of no KeyType or its values are no valid key; otherwise the call's error.
Result<PublicKey> ReadPublicHalf(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);

// DER of the CKA_EC_PARAMS of a curve: its object identifier. Empty for RSA.
ByteView CurveParameters(KeyType type);

}  // namespace rootkeep::pkcs11
