#include "attestation/verifier/signed_attest.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {

Result<Attest> CheckSignedAttest(const AttestationKey& ak, ByteView attest, ByteView tpmt_signature,
                                 const AttestExpected& expected, const AttestReasons& reasons) {
  RK_RETURN_IF_ERROR(CheckSignature(ak, attest, tpmt_signature, reasons.signature));
  // Before the rest, which has another form in another type, or none.
  Reader head(attest);
  const std::uint32_t magic = head.U32();
  const auto type = static_cast<AttestType>(head.U16());
  if (head.failed()) return Failure(reasons.structure, "it is too short");
  if (magic != kTpmGenerated) return Failure(reasons.magic);
  if (type != expected.type) return Failure(reasons.type);
  Result<Attest> parsed = ParseAttest(attest);
  if (!parsed.ok()) return Failure(reasons.structure, parsed.error().message());
  if (!EqualInConstantTime(parsed->extra_data, expected.nonce)) return Failure(reasons.nonce);
  if (!std::ranges::equal(parsed->qualified_signer, expected.qualified_signer)) return Failure(reasons.signer);
  return parsed;
}

bool EqualInConstantTime(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rootkeep::attestation
