// Certificates of TPM simulators, and what an attacker puts beside an EK.
#include <gtest/gtest.h>

#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::AttestNode;
using testing::EkKind;
using testing::HasReason;
using testing::Lab;

Result<Attempt> Begin(const AttestInit& init, const EkTrust& trust) {
  return Attempt::Begin(init, trust, testing::Now());
}

TEST(EkIdentity, IsWhatTheManufacturerSays) {
  const EkTrust trust = testing::TrustOf(Lab::Shared().manufacturer);
  for (const EkKind kind : {EkKind::kL1, EkKind::kH3}) {
    const AttestInit init = AttestNode(Lab::Shared().tpm, {.ek = kind}).Init();
    ASSERT_OK_AND_ASSIGN(const Attempt attempt, Begin(init, trust));
    EXPECT_TRUE(attempt.ek().chained) << attempt.ek().unchained_reason;
    EXPECT_EQ(attempt.ek().names.manufacturer, testing::TpmManufacturer::kManufacturer);
    EXPECT_EQ(attempt.ek().names.model, testing::TpmManufacturer::kModel);
    EXPECT_EQ(attempt.ek().names.version, testing::TpmManufacturer::kVersion);
    EXPECT_EQ(attempt.ek().spki_digest.size(), 32U);
  }
}

TEST(EkIdentity, IsChainedByWhatTheNodeSends) {
  const testing::TpmManufacturer& manufacturer = Lab::Shared().manufacturer;
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  ASSERT_OK_AND_ASSIGN(const EkTrust root_alone,
                       EkTrust::Create({.anchors = {{.certificate = manufacturer.RootCertificate(),
                                                     .manufacturers = {testing::TpmManufacturer::kManufacturer}}},
                                        .intermediates = {}}));
  EXPECT_EQ(Begin(init, root_alone)->ek().unchained_reason, reason::kEkChain);
  init.ek_chain = {manufacturer.IssuerCertificate()};
  EXPECT_TRUE(Begin(init, root_alone)->ek().chained);
}

TEST(EkIdentity, IsNoManufacturersThatIsNotTrusted) {
  const testing::TpmManufacturer foreign;
  const testing::SwTpm tpm(foreign, "node-1");  // the same name, as if that meant anything
  const EkTrust trust = testing::TrustOf(Lab::Shared().manufacturer);
  AttestInit init = AttestNode(tpm).Init();
  init.ek_chain = {foreign.IssuerCertificate(), foreign.RootCertificate()};
  ASSERT_OK_AND_ASSIGN(const Attempt attempt, Begin(init, trust));
  EXPECT_FALSE(attempt.ek().chained);
  EXPECT_EQ(attempt.ek().unchained_reason, reason::kEkChain);
  EXPECT_EQ(attempt.ek().names.manufacturer, "");
  ASSERT_OK_AND_ASSIGN(const Attempt trusted, Begin(init, testing::TrustOf(foreign)));
  EXPECT_TRUE(trusted.ek().chained) << trusted.ek().unchained_reason;
}

// CVE-2021-3406: the certificate of one TPM's EK beside the EK of another.
TEST(EkIdentity, IsNotAnotherTpms) {
  const testing::SwTpm second(Lab::Shared().manufacturer, "node-2");
  const EkTrust trust = testing::TrustOf(Lab::Shared().manufacturer);
  AttestInit init = AttestNode(second).Init();
  init.ek_certificate = AttestNode(Lab::Shared().tpm).Init().ek_certificate;
  EXPECT_THAT(Begin(init, trust), HasReason(reason::kEkCertificateKey));
  // Nor that of the other EK of the same TPM.
  init = AttestNode(Lab::Shared().tpm, {.ek = EkKind::kL1}).Init();
  init.ek_certificate = AttestNode(Lab::Shared().tpm, {.ek = EkKind::kH3}).Init().ek_certificate;
  EXPECT_THAT(Begin(init, trust), HasReason(reason::kEkCertificateKey));
}

TEST(EkIdentity, IsNoPlatformCertificate) {
  constexpr TPM2_HANDLE kPlatformCertificate = 0x01c08000;
  const AttestNode node(Lab::Shared().tpm);
  AttestInit init = node.Init();
  ASSERT_OK_AND_ASSIGN(init.ek_certificate, ReadNv(node.esys(), kPlatformCertificate));
  // In this one the key is the EK's; it is another kind of certificate.
  ASSERT_OK_AND_ASSIGN(const Attempt attempt, Begin(init, testing::TrustOf(Lab::Shared().manufacturer)));
  EXPECT_FALSE(attempt.ek().chained);
  EXPECT_EQ(attempt.ek().unchained_reason, reason::kEkCertificateExtKeyUsage);
}

TEST(EkIdentity, IsNothingThatDoesNotParse) {
  AttestInit init = AttestNode(Lab::Shared().tpm).Init();
  init.ek_certificate.resize(init.ek_certificate.size() - 1);
  EXPECT_THAT(Begin(init, testing::TrustOf(Lab::Shared().manufacturer)), HasReason(reason::kEkCertificateMalformed));
}

// After TPM2_Clear, an EK that is made anew from its template is the certified one.
TEST(EkIdentity, SurvivesAClear) {
  const testing::SwTpm tpm(Lab::Shared().manufacturer, "node-2");
  const testing::Esys esys(tpm);
  ASSERT_OK_AND_ASSIGN(const auto before, testing::EndorsementKey(esys, EkKind::kL2));
  ASSERT_TRUE(ClearTpm(esys).ok());
  EXPECT_FALSE(testing::EndorsementKey(esys, EkKind::kL1).ok());
  ASSERT_OK_AND_ASSIGN(const auto after, testing::EndorsementKey(esys, EkKind::kL2));
  EXPECT_EQ(before.name, after.name);
}

}  // namespace
}  // namespace rootkeep::attestation
