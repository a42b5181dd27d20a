#include "attestation/verifier/ak_rules.h"

#include <array>

#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signing_key.h"
#include "attestation/wire/public_key.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint32_t kFree = kUserWithAuth | kAdminWithPolicy | kNoDa;
constexpr std::uint32_t kKnown = kFree | kFixedTpm | kFixedParent | kSensitiveDataOrigin | kRestricted | kSign;

Status CheckAttributes(std::uint32_t attributes) {
  struct Rule {
    std::uint32_t mask;
    std::uint32_t wanted;
    std::string_view reason;
  };
  constexpr auto kRules = std::to_array<Rule>({
      {kFixedTpm | kFixedParent, kFixedTpm | kFixedParent, reason::kAkNotFixed},
      {kSensitiveDataOrigin, kSensitiveDataOrigin, reason::kAkOrigin},
      {kRestricted, kRestricted, reason::kAkNotRestricted},
      {kSign, kSign, reason::kAkNotSigning},
      {kDecrypt, 0, reason::kAkDecrypts},
      {~kKnown, 0, reason::kAkAttributes},
  });
  for (const Rule& rule : kRules) {
    if ((attributes & rule.mask) != rule.wanted) return Failure(rule.reason);
  }
  return Ok();
}

Status CheckRules(const PublicArea& area) {
  if (!IsAcceptedSize(area)) return Failure(reason::kAkSize);
  if (!IsStrongHash(area.name_alg)) return Failure(reason::kAkNameHash);
  RK_RETURN_IF_ERROR(CheckAttributes(area.attributes));
  if (!IsAcceptedScheme(area)) return Failure(reason::kAkScheme);
  if (area.symmetric != SymmetricScheme()) return Failure(reason::kAkSymmetric);
  if (!area.auth_policy.empty()) return Failure(reason::kAkPolicy);
  return Ok();
}

}  // namespace

Result<AttestationKey> CheckAk(ByteView tpmt_public) {
  Result<PublicArea> area = ParsePublicArea(tpmt_public);
  if (!area.ok()) return Failure(reason::kAkStructure, area.error().message());
  RK_RETURN_IF_ERROR(CheckRules(*area));
  Result<ossl::PKey> key = ToPKey(*area);
  if (!key.ok()) return Failure(reason::kAkStructure, key.error().message());
  RK_TRY(Bytes name, Name(*area));
  const Scheme scheme = SchemeOf(*area);
  return AttestationKey{.area = std::move(*area), .name = std::move(name), .key = std::move(*key), .scheme = scheme};
}

}  // namespace rootkeep::attestation
