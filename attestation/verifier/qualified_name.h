// Qualified names (Part 1 §16): where in a TPM a key is, from the hierarchy down.
#pragma once

#include "attestation/wire/algorithm.h"

namespace rootkeep::attestation {

inline constexpr std::uint32_t kOwnerHierarchy = 0x40000001;        // TPM_RH_OWNER
inline constexpr std::uint32_t kEndorsementHierarchy = 0x4000000b;  // TPM_RH_ENDORSEMENT

// Of a primary key named `name` by `name_alg` in `hierarchy`, and of a child below a parent with that qualified name:
// the algorithm in two octets, then the digest of the parent's qualified name (or the hierarchy's handle) and the name.
// INVALID_ARGUMENT for an unknown hash, INTERNAL when OpenSSL fails.
Result<Bytes> QualifiedNameOfPrimary(std::uint32_t hierarchy, Algorithm name_alg, ByteView name);
Result<Bytes> QualifiedNameOfChild(ByteView parent, Algorithm name_alg, ByteView name);

}  // namespace rootkeep::attestation
