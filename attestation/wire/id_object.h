// What TPM2_ActivateCredential takes (Part 1 §24, "Credential Protection"): TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET.
// Whoever makes a credential writes them here; the node's side reads the first before it hands it to its TPM.
#pragma once

#include "attestation/wire/codec.h"
#include "attestation/wire/public_area.h"

namespace rootkeep::attestation {

// Octets, with the size in front.
inline constexpr std::size_t kMaxIdObjectSize = 2 + (2 + kMaxDigestSize) + (2 + kMaxDigestSize);
inline constexpr std::size_t kMaxEncryptedSecretSize = 2 + 512;

// TPMS_ID_OBJECT (Part 2 §12.4).
struct IdObject {
  Bytes integrity_hmac;      // of encrypted_identity and the AK's name
  Bytes encrypted_identity;  // a TPM2B_DIGEST with its size, encrypted; has no size of its own around it

  friend bool operator==(const IdObject&, const IdObject&) = default;
};

// A whole TPM2B_ID_OBJECT. INVALID_ARGUMENT kReasonStructure.
Result<IdObject> ParseIdObject(ByteView tpm2b_id_object);
Bytes Encode(const IdObject& object);

// A whole TPM2B_ENCRYPTED_SECRET (Part 2 §11.4.3) for an RSA key: the OAEP ciphertext, at most 512 octets.
Bytes RsaEncryptedSecret(ByteView ciphertext);
// The same for an ECC key: the ephemeral point as a TPMS_ECC_POINT. Coordinates are big-endian and padded to the
// curve's size by the caller: some TPMs take no others.
Bytes EccEncryptedSecret(ByteView x, ByteView y);

}  // namespace rootkeep::attestation
