#include "attestation/attester/ek_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "keystore/base/bytes.h"

namespace rootkeep::attestation {
namespace {

constexpr TPMA_OBJECT kLow = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                             TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
constexpr TPMA_OBJECT kHigh = kLow | TPMA_OBJECT_USERWITHAUTH;

// PolicyA: PolicySecret(TPM_RH_ENDORSEMENT).
constexpr std::string_view kPolicyASha256 = "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
// PolicyB: PolicyA, or what the owner of NV index 0x01c07f01 (0x01c07f02, 0x01c07f03) authorizes.
constexpr std::string_view kPolicyBSha256 = "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0";
constexpr std::string_view kPolicyBSha384 =
    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12";
constexpr std::string_view kPolicyBSha512 =
    "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
    "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea";

TPMT_PUBLIC Area(TPMI_ALG_HASH name_alg, TPMA_OBJECT attributes, std::string_view policy) {
  TPMT_PUBLIC area{};
  area.nameAlg = name_alg;
  area.objectAttributes = attributes;
  const Bytes digest = FromHex(policy).value();
  area.authPolicy.size = static_cast<UINT16>(digest.size());
  std::ranges::copy(digest, area.authPolicy.buffer);
  return area;
}

TPMT_SYM_DEF_OBJECT Aes(TPMI_AES_KEY_BITS bits) {
  TPMT_SYM_DEF_OBJECT aes{};
  aes.algorithm = TPM2_ALG_AES;
  aes.keyBits.aes = bits;
  aes.mode.aes = TPM2_ALG_CFB;
  return aes;
}

// `unique`: octets of zero in it.
TPMT_PUBLIC Rsa(TPMT_PUBLIC area, TPMI_RSA_KEY_BITS key_bits, TPMI_AES_KEY_BITS bits, UINT16 unique) {
  area.type = TPM2_ALG_RSA;
  area.parameters.rsaDetail.symmetric = Aes(bits);
  area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.rsaDetail.keyBits = key_bits;
  area.unique.rsa.size = unique;
  return area;
}

TPMT_PUBLIC Ecc(TPMT_PUBLIC area, TPMI_ECC_CURVE curve, TPMI_AES_KEY_BITS bits, UINT16 unique) {
  area.type = TPM2_ALG_ECC;
  area.parameters.eccDetail.symmetric = Aes(bits);
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = curve;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  area.unique.ecc.x.size = unique;
  area.unique.ecc.y.size = unique;
  return area;
}

std::array<EkTemplate, 8> MakeTemplates() {
  const TPMT_PUBLIC low = Area(TPM2_ALG_SHA256, kLow, kPolicyASha256);
  const TPMT_PUBLIC high256 = Area(TPM2_ALG_SHA256, kHigh, kPolicyBSha256);
  const TPMT_PUBLIC high384 = Area(TPM2_ALG_SHA384, kHigh, kPolicyBSha384);
  const TPMT_PUBLIC high512 = Area(TPM2_ALG_SHA512, kHigh, kPolicyBSha512);
  return {{{"H-3", "P-384", 0x01C00016, 0, 0x01C00017, Ecc(high384, TPM2_ECC_NIST_P384, 256, 0)},
           {"H-2", "P-256", 0x01C00014, 0, 0x01C00015, Ecc(high256, TPM2_ECC_NIST_P256, 128, 0)},
           {"H-4", "P-521", 0x01C00018, 0, 0x01C00019, Ecc(high512, TPM2_ECC_NIST_P521, 256, 0)},
           {"L-2", "P-256", 0x01C0000A, 0x01C0000B, 0x01C0000C, Ecc(low, TPM2_ECC_NIST_P256, 128, 32)},
           {"H-1", "RSA-2048", 0x01C00012, 0, 0x01C00013, Rsa(high256, 2048, 128, 0)},
           {"L-1", "RSA-2048", 0x01C00002, 0x01C00003, 0x01C00004, Rsa(low, 2048, 128, 256)},
           {"H-6", "RSA-3072", 0x01C0001C, 0, 0x01C0001D, Rsa(high384, 3072, 256, 0)},
           {"H-7", "RSA-4096", 0x01C0001E, 0, 0x01C0001F, Rsa(high512, 4096, 256, 0)}}};
}

}  // namespace

std::span<const EkTemplate> EkTemplates() {
  static const auto templates = MakeTemplates();
  return templates;
}

Result<std::span<const EkTemplate>> EkTemplatesNamed(std::string_view name) {
  const auto all = EkTemplates();
  if (name.empty()) return all;
  const auto found = std::ranges::find(all, name, &EkTemplate::name);
  if (found != all.end()) return all.subspan(static_cast<std::size_t>(found - all.begin()), 1);
  std::vector<std::string_view> names;
  for (const EkTemplate& known : all) names.push_back(known.name);
  return InvalidArgument(fmt::format("no EK template is called \"{}\"; there are {}", name, fmt::join(names, ", ")));
}

}  // namespace rootkeep::attestation
