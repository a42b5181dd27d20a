#include "attestation/verifier/node_key.h"

#include <algorithm>

#include "attestation/verifier/qualified_name.h"
#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signing_key.h"
#include "attestation/wire/public_key.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint32_t kMust = kFixedTpm | kFixedParent | kSensitiveDataOrigin | kSign;
constexpr std::uint32_t kMay = kUserWithAuth | kAdminWithPolicy | kNoDa;
constexpr std::uint32_t kParentMust = kFixedTpm | kFixedParent | kSensitiveDataOrigin | kRestricted | kDecrypt;

Status CheckRules(const PublicArea& area) {
  if ((area.attributes & kMust) != kMust || (area.attributes & ~(kMust | kMay)) != 0) {
    return Failure(reason::kNodeKeyAttributes);
  }
  if (!IsAcceptedSize(area)) return Failure(reason::kNodeKeySize);
  const Algorithm scheme = SchemeOf(area).algorithm;
  const bool accepted = scheme == Algorithm::kNull || (scheme != Algorithm::kRsaPss && IsAcceptedScheme(area));
  if (!IsStrongHash(area.name_alg) || area.symmetric != SymmetricScheme() || !accepted) {
    return Failure(reason::kNodeKeyScheme);
  }
  return Ok();
}

}  // namespace

Result<NodeKey> CheckNodeKey(ByteView tpmt_public) {
  Result<PublicArea> area = ParsePublicArea(tpmt_public);
  if (!area.ok()) return Failure(reason::kNodeKeyStructure, area.error().message());
  RK_RETURN_IF_ERROR(CheckRules(*area));
  Result<Bytes> spki = SpkiOf(*area);
  if (!spki.ok()) return Failure(reason::kNodeKeyStructure, spki.error().message());
  RK_TRY(Bytes name, Name(*area));
  return NodeKey{.area = std::move(*area), .name = std::move(name), .spki = std::move(*spki)};
}

Status CheckNodeKeyAuth(const NodeKey& key, const NodeKeyRules& rules) {
  const Bytes& policy = key.area.auth_policy;
  const bool allowed = policy.empty() ? (key.area.attributes & kUserWithAuth) != 0
                                      : std::ranges::find(rules.auth_policies, policy) != rules.auth_policies.end();
  return allowed ? Ok() : Status(Failure(reason::kNodeKeyAuth));
}

Result<std::optional<Bytes>> QualifiedNameBelow(ByteView parent, const NodeKey& key) {
  if (parent.empty()) return std::optional<Bytes>();
  const Result<PublicArea> area = ParsePublicArea(parent);
  if (!area.ok()) return Failure(reason::kNodeKeyParent, area.error().message());
  if ((area->attributes & kParentMust) != kParentMust || (area->attributes & kSign) != 0 ||
      !IsStrongHash(area->name_alg)) {
    return Failure(reason::kNodeKeyParent);
  }
  RK_TRY(const Bytes name, Name(*area));
  RK_TRY(const Bytes qualified, QualifiedNameOfPrimary(kOwnerHierarchy, area->name_alg, name));
  RK_TRY(Bytes below, QualifiedNameOfChild(qualified, key.area.name_alg, key.name));
  return std::optional<Bytes>(std::move(below));
}

}  // namespace rootkeep::attestation
