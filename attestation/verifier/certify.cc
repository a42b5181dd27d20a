#include "attestation/verifier/certify.h"

#include <algorithm>

#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signed_attest.h"

namespace rootkeep::attestation {
namespace {

constexpr AttestReasons kReasons{
    .signature = {reason::kCertifyScheme, reason::kCertifyAnonymous, reason::kCertifySignature},
    .magic = reason::kCertifyMagic,
    .type = reason::kCertifyType,
    .structure = reason::kCertifyStructure,
    .nonce = reason::kCertifyNonce,
    .signer = reason::kCertifySigner,
};

}  // namespace

Result<ClockInfo> CheckCertify(const AttestationKey& ak, const AttestEvidence& evidence,
                               const CertifyExpected& expected) {
  RK_TRY(const Attest attest,
         CheckSignedAttest(
             ak, evidence.certify_attest, evidence.certify_signature,
             {.type = AttestType::kCertify, .nonce = expected.nonce, .qualified_signer = expected.qualified_signer},
             kReasons));
  const auto* info = std::get_if<CertifyInfo>(&attest.info);
  if (info == nullptr) return Failure(reason::kCertifyType);
  if (!std::ranges::equal(info->name, expected.name)) return Failure(reason::kCertifyName);
  if (expected.qualified_name.has_value() && info->qualified_name != *expected.qualified_name) {
    return Failure(reason::kCertifyQualifiedName);
  }
  return attest.clock_info;
}

}  // namespace rootkeep::attestation
