#include "attestation/verifier/ek_key.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "attestation/verifier/reasons.h"
#include "attestation/wire/public_key.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint32_t kMust = kFixedTpm | kFixedParent | kSensitiveDataOrigin | kRestricted | kDecrypt;
constexpr std::uint32_t kLow = kMust | kAdminWithPolicy;
constexpr std::uint32_t kHigh = kLow | kUserWithAuth;
static_assert(kLow == 0x000300b2 && kHigh == 0x000300f2);  // as §B.3.3 and §B.4.4 have them

constexpr std::uint32_t kDefaultExponent = 65537;

// PolicySecret(TPM_RH_ENDORSEMENT), of the low range.
constexpr std::string_view kPolicyASha256 = "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
// That, or PolicyAuthorizeNV of the index for it, of the high range.
constexpr std::string_view kPolicyBSha256 = "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0";
constexpr std::string_view kPolicyBSha384 =
    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12";
constexpr std::string_view kPolicyBSha512 =
    "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
    "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea";

struct Template {
  std::uint16_t rsa_bits;  // 0: an ECC key
  Curve curve;
  Algorithm name_alg;
  std::uint16_t aes_bits;
  std::uint32_t attributes;
  std::string_view policy;
};

constexpr auto kTemplates = std::to_array<Template>({
    {2048, {}, Algorithm::kSha256, 128, kLow, kPolicyASha256},          // L-1
    {0, Curve::kP256, Algorithm::kSha256, 128, kLow, kPolicyASha256},   // L-2
    {2048, {}, Algorithm::kSha256, 128, kHigh, kPolicyBSha256},         // H-1
    {0, Curve::kP256, Algorithm::kSha256, 128, kHigh, kPolicyBSha256},  // H-2
    {0, Curve::kP384, Algorithm::kSha384, 256, kHigh, kPolicyBSha384},  // H-3
    {0, Curve::kP521, Algorithm::kSha512, 256, kHigh, kPolicyBSha512},  // H-4
    {3072, {}, Algorithm::kSha384, 256, kHigh, kPolicyBSha384},         // H-6
    {4096, {}, Algorithm::kSha512, 256, kHigh, kPolicyBSha512},         // H-7
});

bool SameKeyType(const Template& wanted, const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) return rsa->key_bits == wanted.rsa_bits;
  const auto* ecc = std::get_if<EccKey>(&area.key);
  return ecc != nullptr && wanted.rsa_bits == 0 && ecc->curve == wanted.curve;
}

// Neither scheme nor key derivation of its own, and the exponent of all TPMs.
bool HasPlainParameters(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaKey>(&area.key)) {
    return rsa->scheme == Scheme() && (rsa->exponent == 0 || rsa->exponent == kDefaultExponent);
  }
  const auto* ecc = std::get_if<EccKey>(&area.key);
  return ecc != nullptr && ecc->scheme == Scheme() && ecc->kdf == Scheme();
}

bool Matches(const Template& wanted, const PublicArea& area) {
  return SameKeyType(wanted, area) && area.name_alg == wanted.name_alg && area.attributes == wanted.attributes &&
         area.symmetric == SymmetricScheme{Algorithm::kAes, wanted.aes_bits} && HasPlainParameters(area) &&
         ToHex(area.auth_policy) == wanted.policy;
}

Status CheckRules(const PublicArea& area) {
  if ((area.attributes & kMust) != kMust || (area.attributes & kSign) != 0) return Failure(reason::kEkAttributes);
  if (std::ranges::none_of(kTemplates, [&](const Template& each) { return SameKeyType(each, area); })) {
    return Failure(reason::kEkSize);
  }
  if (std::ranges::none_of(kTemplates, [&](const Template& each) { return Matches(each, area); })) {
    return Failure(reason::kEkTemplate);
  }
  return Ok();
}

}  // namespace

Result<EndorsementKey> CheckEk(ByteView tpmt_public) {
  Result<PublicArea> area = ParsePublicArea(tpmt_public);
  if (!area.ok()) return Failure(reason::kEkStructure, area.error().message());
  RK_RETURN_IF_ERROR(CheckRules(*area));
  Result<ossl::PKey> key = ToPKey(*area);
  if (!key.ok()) return Failure(reason::kEkStructure, key.error().message());
  RK_TRY(Bytes spki, SpkiOf(*area));
  RK_TRY(Bytes name, Name(*area));
  return EndorsementKey{
      .area = std::move(*area), .name = std::move(name), .key = std::move(*key), .spki = std::move(spki)};
}

}  // namespace rootkeep::attestation
