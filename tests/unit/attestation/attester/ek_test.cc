#include "attestation/attester/ek.h"

#include "attestation/attester/ak.h"
#include "attestation/attester/ek_certificate.h"
#include "attestation/attester/ek_template.h"
#include "attestation/attester/marshal.h"
#include "attestation/attester/nv.h"
#include "attestation/wire/public_key.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/support/tpm_attest.h"
#include "tests/support/tpm_keys.h"
#include "tests/unit/attestation/attester/nv_writer.h"

namespace rootkeep::testing {
namespace {

using attestation::Ek;
using attestation::FindEk;
using attestation::PublicArea;

constexpr TPM2_HANDLE kCertificateL2 = 0x01C0000A;
constexpr TPM2_HANDLE kNonceL2 = 0x01C0000B;
constexpr TPM2_HANDLE kTemplateL2 = 0x01C0000C;

// A certificate for a key whose owner has not signed anything, as for an EK.
Bytes CertificateFor(const PublicArea& area) {
  static const Identity ca = MakeCa();
  auto key = attestation::ToPKey(area);
  return MakeIdentityWithKey(std::move(*key), {.common_name = "EK"}, &ca).Der();
}

PublicArea AreaOf(const testing::TpmKey& key) { return *attestation::ParsePublicArea(key.encoded); }

class ManufacturedEkTest : public ::testing::Test {
 protected:
  static const TpmManufacturer& manufacturer() {
    static const TpmManufacturer made;
    return made;
  }

  SwTpm tpm_{manufacturer(), "node"};
  Esys esys_{tpm_};
};

TEST_F(ManufacturedEkTest, TheFirstCertifiedOneIsTaken) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), ""));
  EXPECT_TRUE(ek.key.persistent.valid());
  EXPECT_FALSE(ek.key.made.valid());
  ASSERT_OK_AND_ASSIGN(const testing::TpmKey expected, EndorsementKey(esys_, EkKind::kH3));
  EXPECT_EQ(ek.key.encoded, expected.encoded);
  EXPECT_EQ(ek.certificate, *ReadNv(esys_, kEkCertificateH3));
  EXPECT_EQ(attestation::SpkiOfCertificate(ek.certificate), *attestation::SpkiOf(ek.key.area));
}

TEST_F(ManufacturedEkTest, AnotherIsTakenByName) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), "L-1"));
  EXPECT_TRUE(ek.key.persistent.valid());
  EXPECT_EQ(ek.certificate, *ReadNv(esys_, kEkCertificateL1));
  EXPECT_EQ(attestation::SpkiOfCertificate(ek.certificate), *attestation::SpkiOf(ek.key.area));
  EXPECT_THAT(FindEk(esys_.get(), "L-9"), HasCode(Code::kInvalidArgument));
}

TEST_F(ManufacturedEkTest, IsMadeAgainWhenTheTpmWasCleared) {
  for (const char* name : {"H-3", "L-1"}) {
    ASSERT_OK_AND_ASSIGN(const Ek before, FindEk(esys_.get(), name));
    ASSERT_THAT(ClearTpm(esys_), IsOk());
    ASSERT_OK_AND_ASSIGN(const Ek after, FindEk(esys_.get(), name));
    EXPECT_TRUE(after.key.made.valid()) << name;
    EXPECT_EQ(after.key.encoded, before.key.encoded) << name;
    EXPECT_EQ(after.certificate, before.certificate) << name;
  }
}

TEST_F(ManufacturedEkTest, ACertificateForAnotherKeyIsPassedOver) {
  const SwTpm other(manufacturer(), "other");
  const Esys other_esys(other);
  ASSERT_THAT(DefineNv(esys_, kEkCertificateH3, *ReadNv(other_esys, kEkCertificateH3)), IsOk());
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), ""));
  EXPECT_EQ(ek.certificate, *ReadNv(esys_, kEkCertificateL1));

  ASSERT_THAT(DefineNv(esys_, kEkCertificateL1, *ReadNv(other_esys, kEkCertificateL1)), IsOk());
  const auto none = FindEk(esys_.get(), "");
  EXPECT_THAT(none, HasReason("ek_certificate"));
  EXPECT_THAT(none, Says("H-3 (P-384): the certificate is for another key"));
  EXPECT_THAT(none, Says("L-1 (RSA-2048): the certificate is for another key"));
}

TEST_F(ManufacturedEkTest, ATpmWithARuinedCertificateDoesNotBecomeOneWithoutAny) {
  ASSERT_THAT(DefineNv(esys_, kEkCertificateH3, Bytes(700, 0xff)), IsOk());
  EXPECT_THAT(FindEk(esys_.get(), "H-3"), HasReason("ek_certificate"));
}

// Without EK and certificate, as manufacture of simulators leaves it.
class BareEkTest : public ::testing::Test {
 protected:
  SwTpm tpm_;
  Esys esys_{tpm_};
};

TEST_F(BareEkTest, HasNoCertificate) {
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), ""));
  EXPECT_TRUE(ek.key.made.valid());
  EXPECT_THAT(ek.certificate, ::testing::IsEmpty());
  EXPECT_THAT(ek.chain, ::testing::IsEmpty());
  EXPECT_EQ(ek.key.area.name_alg, attestation::Algorithm::kSha384);
}

TEST_F(BareEkTest, EveryTemplateMakesAKey) {
  for (const char* name : {"H-3", "H-2", "H-4", "L-2", "H-1", "L-1", "H-6"}) {
    ASSERT_OK_AND_ASSIGN(const auto kinds, attestation::EkTemplatesNamed(name));
    ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), name));
    EXPECT_EQ(ek.key.area.attributes, kinds.front().area.objectAttributes) << name;
    ASSERT_OK_AND_ASSIGN(const Ek again, FindEk(esys_.get(), name));
    EXPECT_EQ(again.key.encoded, ek.key.encoded) << name;
  }
}

TEST_F(BareEkTest, AKeyThatTheTpmDoesNotMakeIsAnError) {
  const auto ek = FindEk(esys_.get(), "H-7");  // libtpms has no RSA-4096
  EXPECT_THAT(ek, HasCode(Code::kUnimplemented));
  EXPECT_THAT(ek, Says("RSA-4096"));
}

TEST_F(BareEkTest, TheNonceInNvIsHonoured) {
  const Bytes nonce(20, 0x5a);
  TPM2B_PUBLIC wanted = EkP256Template();
  std::ranges::copy(nonce, wanted.publicArea.unique.ecc.x.buffer);
  {
    ASSERT_OK_AND_ASSIGN(const testing::TpmKey expected, CreatePrimary(esys_, ESYS_TR_RH_ENDORSEMENT, wanted));
    ASSERT_THAT(DefineNv(esys_, kCertificateL2, CertificateFor(AreaOf(expected))), IsOk());
  }
  EXPECT_THAT(FindEk(esys_.get(), ""), HasReason("ek_certificate"));
  ASSERT_THAT(DefineNv(esys_, kNonceL2, nonce), IsOk());
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), ""));
  EXPECT_FALSE(ek.certificate.empty());
  ASSERT_THAT(DefineNv(esys_, kNonceL2, Bytes(33, 0x5a)), IsOk());
  EXPECT_THAT(FindEk(esys_.get(), ""), HasReason("ek_certificate"));
}

TEST_F(BareEkTest, TheTemplateInNvIsHonoured) {
  TPM2B_PUBLIC wanted = EkP256Template();
  wanted.publicArea.objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
  {
    ASSERT_OK_AND_ASSIGN(const testing::TpmKey expected, CreatePrimary(esys_, ESYS_TR_RH_ENDORSEMENT, wanted));
    ASSERT_THAT(DefineNv(esys_, kCertificateL2, CertificateFor(AreaOf(expected))), IsOk());
  }
  EXPECT_THAT(FindEk(esys_.get(), ""), HasReason("ek_certificate"));
  ASSERT_OK_AND_ASSIGN(Bytes octets, attestation::Octets(wanted.publicArea));
  ASSERT_THAT(DefineNv(esys_, kTemplateL2, octets), IsOk());
  EXPECT_THAT(FindEk(esys_.get(), ""), IsOk());
  octets.push_back(0);
  ASSERT_THAT(DefineNv(esys_, kTemplateL2, octets), IsOk());
  EXPECT_THAT(FindEk(esys_.get(), ""), HasReason("ek_certificate"));
}

TEST_F(BareEkTest, CertificatesAboveItComeAlong) {
  {
    ASSERT_OK_AND_ASSIGN(const testing::TpmKey expected,
                         CreatePrimary(esys_, ESYS_TR_RH_ENDORSEMENT, EkP256Template()));
    ASSERT_THAT(DefineNv(esys_, kCertificateL2, CertificateFor(AreaOf(expected))), IsOk());
  }
  // Two certificates over three indices, as they fall.
  const Bytes first = MakeCa("first").Der();
  const Bytes second = MakeCa("second").Der();
  Bytes all = first;
  all.insert(all.end(), second.begin(), second.end());
  const std::size_t part = all.size() / 3 + 1;
  for (std::size_t i = 0; i < 3; ++i) {
    const ByteView rest = ByteView(all).subspan(i * part);
    ASSERT_THAT(DefineNv(esys_, attestation::kFirstChainIndex + static_cast<TPM2_HANDLE>(i),
                         rest.first(std::min(part, rest.size()))),
                IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const Ek ek, FindEk(esys_.get(), ""));
  EXPECT_THAT(ek.chain, ::testing::ElementsAre(first, second));
}

TEST_F(BareEkTest, TheAkIsTheSameAfterTheTpmWasCleared) {
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey before, attestation::MakeAk(esys_.get()));
  EXPECT_EQ(before.area.attributes, 0x00050472u);
  ASSERT_THAT(ClearTpm(esys_), IsOk());
  ASSERT_OK_AND_ASSIGN(const attestation::TpmKey after, attestation::MakeAk(esys_.get()));
  EXPECT_EQ(after.encoded, before.encoded);
}

TEST_F(BareEkTest, NvLimits) {
  EXPECT_THAT(attestation::ReadNv(esys_.get(), 0x01C00099), HasReason("tpm_reset"));
  const Bytes large(1024, 7);
  ASSERT_THAT(DefineNv(esys_, 0x01C00099, large), IsOk());
  EXPECT_EQ(attestation::ReadNv(esys_.get(), 0x01C00099), large);
  ASSERT_OK_AND_ASSIGN(const auto handles, attestation::HandlesBetween(esys_.get(), 0x01C00000, 0x01C001FF));
  EXPECT_THAT(handles, ::testing::ElementsAre(0x01C00099u));
}

}  // namespace
}  // namespace rootkeep::testing
