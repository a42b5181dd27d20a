// TPM2_Sign with a key that is loaded.
#pragma once

#include <tss2/tss2_esys.h>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::tpm2 {

// A signature over `digest` in the form of Signer::Sign. `session` authorises it. The salt of PSS is as long as the TPM
// makes it: as the hash since revision 1.16 of the specification (Part 1 §B.7), as long as the key allows before.
// DATA_LOSS when the answer is no signature of this scheme; FromRc's errors.
Result<Bytes> SignDigest(ESYS_CONTEXT* esys, ESYS_TR key, ESYS_TR session, SignatureScheme scheme, ByteView digest);

}  // namespace rootkeep::tpm2
