// The public area of an object in a TPM: as octets, as a key, and what it says about the private half.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/key_info.h"
#include "keystore/public_key.h"

namespace rootkeep::tpm2 {

// From TPM2B_PUBLIC, its size among it. INVALID_ARGUMENT "key_unusable" unless every octet is consumed and the area is
// encoded again as it was: tss2's own unmarshalling of the whole takes malformed areas.
Result<TPM2B_PUBLIC> ReadPublicArea(ByteView encoded);
// From TPM2B_PRIVATE; errors likewise.
Result<TPM2B_PRIVATE> ReadPrivateArea(ByteView encoded);

// TPM2B_PUBLIC and TPM2B_PRIVATE. INTERNAL when tss2 cannot encode it.
Result<Bytes> Encode(const TPM2B_PUBLIC& area);
Result<Bytes> Encode(const TPM2B_PRIVATE& area);

// The Name (Part 1 §16): be16(nameAlg) and the digest of TPMT_PUBLIC. INVALID_ARGUMENT "key_unusable" when nameAlg is
// none of SHA-256, SHA-384 and SHA-512.
Result<Bytes> NameOf(const TPM2B_PUBLIC& area);

// INVALID_ARGUMENT "key_unusable" for a key of no KeyType.
Result<PublicKey> PublicKeyOf(const TPM2B_PUBLIC& area);

// FAILED_PRECONDITION "key_unusable" unless a digest from outside can be signed with the key by its auth value alone:
// sign and userWithAuth set, restricted clear.
Status CheckSigns(const TPM2B_PUBLIC& area);

// In the words of PKCS#11: fixedTPM and fixedParent are CKA_EXTRACTABLE false, sensitiveDataOrigin is CKA_LOCAL. These
// are the file's or the TPM's word until the key is loaded, and the TPM's, unattested, from then on.
CustodyFacts FactsOf(const TPM2B_PUBLIC& area);

// A key that signs and nothing else (any `type` but kEd25519), never leaves its TPM, is made
// inside it, and is used by its auth value, without dictionary attack protection. Its scheme is TPM_ALG_NULL: each
// signature says its own.
TPM2B_PUBLIC SigningTemplate(KeyType type);

}  // namespace rootkeep::tpm2
