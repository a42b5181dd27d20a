#include "attestation/attester/ek_template.h"

#include <gmock/gmock.h>

#include "attestation/wire/codec.h"
#include "tests/support/matchers.h"

namespace rootkeep::testing {
namespace {

using attestation::Algorithm;
using attestation::EkTemplate;
using attestation::EkTemplates;
using attestation::EkTemplatesNamed;
using attestation::HashSize;
using attestation::TpmHash;
using attestation::Writer;

// The digest of a policy session after one command (Part 3 §23), from its beginning.
Bytes AfterCommand(Algorithm hash, TPM2_CC command, const Bytes& about) {
  Writer out;
  out.Octets(Bytes(HashSize(hash), 0));
  out.U32(command);
  out.Octets(about);
  return *TpmHash(hash, out.Take());
}

// PolicySecret(TPM_RH_ENDORSEMENT) with an empty policyRef.
Bytes PolicyA(Algorithm hash) {
  Writer name;
  name.U32(TPM2_RH_ENDORSEMENT);
  return *TpmHash(hash, AfterCommand(hash, TPM2_CC_PolicySecret, name.Take()));
}

// PolicyAuthorizeNV with the index that the profile (§B.6.3) has for this hash function.
Bytes PolicyC(Algorithm hash, TPM2_HANDLE index) {
  Writer area;
  area.U32(index);
  area.Alg(hash);
  area.U32(0x220F1008);
  area.Sized(PolicyA(hash));
  area.U16(static_cast<std::uint16_t>(HashSize(hash) + 2));
  Writer name;
  name.Alg(hash);
  name.Octets(*TpmHash(hash, area.Take()));
  return AfterCommand(hash, TPM2_CC_PolicyAuthorizeNV, name.Take());
}

// PolicyOR of both.
Bytes PolicyB(Algorithm hash, TPM2_HANDLE index) {
  Writer branches;
  branches.Octets(PolicyA(hash));
  branches.Octets(PolicyC(hash, index));
  return AfterCommand(hash, TPM2_CC_PolicyOR, branches.Take());
}

TEST(EkTemplateTest, PoliciesAreWhatTheirDefinitionsComputeTo) {
  for (const EkTemplate& ek : EkTemplates()) {
    const auto& policy = ek.area.authPolicy;
    const Bytes actual(policy.buffer, policy.buffer + policy.size);
    if (ek.name.starts_with("L")) {
      EXPECT_EQ(actual, PolicyA(Algorithm::kSha256)) << ek.name;
    } else if (ek.area.nameAlg == TPM2_ALG_SHA256) {
      EXPECT_EQ(actual, PolicyB(Algorithm::kSha256, 0x01C07F01)) << ek.name;
    } else if (ek.area.nameAlg == TPM2_ALG_SHA384) {
      EXPECT_EQ(actual, PolicyB(Algorithm::kSha384, 0x01C07F02)) << ek.name;
    } else {
      EXPECT_EQ(actual, PolicyB(Algorithm::kSha512, 0x01C07F03)) << ek.name;
    }
  }
}

TEST(EkTemplateTest, AttributesAreThoseOfTheProfile) {
  for (const EkTemplate& ek : EkTemplates()) {
    EXPECT_EQ(ek.area.objectAttributes, ek.name.starts_with("L") ? 0x000300B2u : 0x000300F2u) << ek.name;
  }
}

TEST(EkTemplateTest, OneIsFoundByName) {
  ASSERT_OK_AND_ASSIGN(const auto all, EkTemplatesNamed(""));
  EXPECT_EQ(all.size(), 8u);
  ASSERT_OK_AND_ASSIGN(const auto one, EkTemplatesNamed("L-1"));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one.front().certificate, 0x01C00002u);
  EXPECT_THAT(EkTemplatesNamed("L-3"), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(EkTemplatesNamed("L-3"), Says("H-3, H-2, H-4, L-2, H-1, L-1, H-6, H-7"));
}

}  // namespace
}  // namespace rootkeep::testing
