// What the rules about attestation keys and node keys have in common.
#pragma once

#include "attestation/wire/public_area.h"

namespace rootkeep::attestation {

// SHA-256, SHA-384 or SHA-512.
bool IsStrongHash(Algorithm hash);

// RSA of 2048 bits or more with exponent 65537, P-256 or P-384.
bool IsAcceptedSize(const PublicArea& area);

// The scheme that the key was made with; kNull when the caller of each signature chooses one.
const Scheme& SchemeOf(const PublicArea& area);

// RSASSA or RSAPSS for an RSA key, ECDSA for an ECC key, with a strong hash. ECDAA is none: its signatures are
// anonymous.
bool IsAcceptedScheme(const PublicArea& area);

}  // namespace rootkeep::attestation
