#include "attestation/wire/key_evidence.h"

#include <fmt/format.h>

#include <string_view>

#include "attestation/wire/algorithm.h"
#include "attestation/wire/attest.h"
#include "attestation/wire/messages.h"
#include "attestation/wire/public_area.h"
#include "attestation/wire/signature.h"

namespace rootkeep::attestation {
namespace {

Status AtMost(std::string_view field, const Bytes& value, std::size_t most) {
  if (!value.empty() && value.size() <= most) return Ok();
  return InvalidArgument(fmt::format("{} has {} octets, not 1 to {}", field, value.size(), most))
      .WithReason(kReasonMessageSize);
}

}  // namespace

Status CheckSizes(const KeyEvidence& evidence) {
  RK_RETURN_IF_ERROR(AtMost("ak_public", evidence.ak_public, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(AtMost("key_public", evidence.key_public, kMaxPublicAreaSize));
  RK_RETURN_IF_ERROR(AtMost("certify_attest", evidence.certify_attest, kMaxAttestSize));
  return AtMost("certify_signature", evidence.certify_signature, kMaxSignatureSize);
}

Result<Bytes> KeyEvidenceNonce() { return TpmHash(Algorithm::kSha256, AsBytes("rootkeep-tpm-key-v1")); }

}  // namespace rootkeep::attestation
