// A TPM's signature over what it attested.
#pragma once

#include <string_view>

#include "attestation/verifier/ak_rules.h"

namespace rootkeep::attestation {

// The reasons with which the rules answer for one kind of attestation.
struct SignatureReasons {
  std::string_view scheme;
  std::string_view anonymous;
  std::string_view signature;
};

// `tpmt_signature` is one whole signature by `ak` over the octets of `attest` as they were received, under the key's
// own scheme and hash and no other; not anonymous (ECDAA leaves the nonce out of what it signs); an ECC signature's
// numbers are from 1 to the order of the curve less 1, an RSA signature is as long as the modulus. PERMISSION_DENIED.
Status CheckSignature(const AttestationKey& ak, ByteView attest, ByteView tpmt_signature,
                      const SignatureReasons& reasons);

}  // namespace rootkeep::attestation
