// The endorsement key (EK): the key by which a TPM is known, with what its maker says about it.
#pragma once

#include <string_view>
#include <vector>

#include "attestation/attester/primary.h"

namespace rootkeep::attestation {

struct Ek {
  TpmKey key;
  Bytes certificate;         // DER, for this very key; empty when the TPM has none
  std::vector<Bytes> chain;  // DER, what the maker left above it; not checked
};

// Finds the EK of template `name`, or for an empty name the first of EkTemplates() that has a certificate in NV. The
// key is the persistent one with the certificate's public key, otherwise it is made, from the template in NV where
// there is one. A key that is not the certificate's is never used. A TPM without any certificate gets the first key
// that it can make. FAILED_PRECONDITION "ek_certificate" when there are certificates and none for a key of this TPM;
// otherwise errors as EkTemplatesNamed and tpm2::FromRc.
Result<Ek> FindEk(ESYS_CONTEXT* esys, std::string_view name);

}  // namespace rootkeep::attestation
