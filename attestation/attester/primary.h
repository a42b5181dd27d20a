// Primary keys of the endorsement hierarchy: made anew from a template, always the same one.
#pragma once

#include <tss2/tss2_esys.h>

#include "attestation/wire/public_area.h"
#include "keystore/tpm2/handles.h"

namespace rootkeep::attestation {

// A key that the TPM has at hand: a transient object, or a persistent one that stays.
struct TpmKey {
  tpm2::Transient made;
  tpm2::Reference persistent;
  PublicArea area;
  Bytes encoded;  // TPMT_PUBLIC, which `area` is read from

  [[nodiscard]] ESYS_TR get() const { return made.valid() ? made.get() : persistent.get(); }
};

// TPM2_CreatePrimary with an empty auth value, in a hierarchy that has an empty one too. Errors as tpm2::FromRc:
// UNIMPLEMENTED for a key that this TPM does not make, FAILED_PRECONDITION "auth" when the endorsement hierarchy has an
// auth value.
Result<TpmKey> MakePrimary(ESYS_CONTEXT* esys, const TPMT_PUBLIC& key_template);

// The persistent key `handle`. Errors as tpm2::FromRc.
Result<TpmKey> OpenPersistent(ESYS_CONTEXT* esys, TPM2_HANDLE handle);

}  // namespace rootkeep::attestation
