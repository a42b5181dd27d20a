// The rules that a quote and a certification have in common, in their order.
#pragma once

#include "attestation/verifier/signature_check.h"
#include "attestation/wire/attest.h"

namespace rootkeep::attestation {

struct AttestReasons {
  SignatureReasons signature;
  std::string_view magic;
  std::string_view type;
  std::string_view structure;
  std::string_view nonce;
  std::string_view signer;
};

// What the verifier knows before it looks.
struct AttestExpected {
  AttestType type{};
  ByteView nonce;             // qualifying data
  ByteView qualified_signer;  // the AK's qualified name
};

// `attest` was signed by `ak` (CheckSignature), was made by a TPM (TPM_GENERATED_VALUE: a restricted key signs nothing
// else that begins so), is of the type asked for, is one whole structure, answers this nonce (in constant time), and
// `ak` is where it is said to be. Nothing is read before the signature has been verified. PERMISSION_DENIED, the reason
// of the first rule that is broken.
Result<Attest> CheckSignedAttest(const AttestationKey& ak, ByteView attest, ByteView tpmt_signature,
                                 const AttestExpected& expected, const AttestReasons& reasons);

// Whether two octet strings are equal, in a time that depends on their sizes alone.
bool EqualInConstantTime(ByteView a, ByteView b);

}  // namespace rootkeep::attestation
