#include "attestation/verifier/ek_crl.h"

#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/ek_trust.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/support/test_crl.h"
#include "tests/unit/attestation/verifier/ek_certificates.h"

namespace rootkeep::attestation {
namespace {

using testing::EkCertificateShape;
using testing::HasCode;
using testing::HasReason;
using testing::Identity;
using testing::IsOk;
using testing::MakeCrl;
using testing::Says;
using enum EkRevocation;

constexpr std::int64_t kNow = 1'800'000'000;  // in the year 2027
constexpr const char* kManufacturer = "id:00001014";

testing::CertificateShape CaShape(const std::string& name, const std::string& key_usage = "keyCertSign,cRLSign") {
  return {.common_name = name,
          .basic_constraints = "critical,CA:TRUE",
          .key_usage = "critical," + key_usage,
          .extended_key_usage = ""};
}

class EkCrlTest : public ::testing::Test {
 protected:
  // The leaf below the issuer below the root, with these lists.
  Status Check(std::vector<Bytes> lists, EkRevocation revocation = kChecked, std::int64_t now = kNow) {
    RK_TRY(const EkTrust trust, Create(std::move(lists), revocation));
    const auto cert = ReadCertificate(leaf_, reason::kEkCertificateMalformed);
    return trust.Check(cert->get(), {}, kManufacturer, FromUnixSeconds(now));
  }
  Result<EkTrust> Create(std::vector<Bytes> lists, EkRevocation revocation = kChecked) {
    return EkTrust::Create(
        {.anchors = {{.certificate = root_.Der(), .manufacturers = {kManufacturer}, .revocation = revocation}},
         .intermediates = {issuer_.Der()},
         .revocation_lists = std::move(lists)});
  }

  const ossl::PKey key_ = testing::MakeKey("RSA:2048");
  const Identity root_ = testing::MakeIdentity(CaShape("root"));
  const Identity issuer_ = testing::MakeIdentity(CaShape("issuer"), &root_);
  const Bytes leaf_ = testing::MakeEkCertificate({.serial = 7}, key_.get(), issuer_);
  const Bytes other_ = testing::MakeEkCertificate({.serial = 8}, key_.get(), issuer_);
  const Bytes of_root_ = MakeCrl({}, root_);
  const Bytes of_issuer_ = MakeCrl({.revoked = {other_}}, issuer_);
};

TEST_F(EkCrlTest, WhatNoListNamesIsNotRevoked) { EXPECT_THAT(Check({of_root_, of_issuer_}), IsOk()); }

TEST_F(EkCrlTest, WhatItsIssuersListNamesIsRevoked) {
  const Status revoked = Check({of_root_, MakeCrl({.revoked = {other_, leaf_}}, issuer_)});
  EXPECT_THAT(revoked, HasReason(reason::kEkRevoked));
  EXPECT_THAT(revoked, HasCode(Code::kPermissionDenied));
  EXPECT_THAT(Check({MakeCrl({.revoked = {issuer_.Der()}}, root_), of_issuer_}), HasReason(reason::kEkRevoked))
      << "its issuer was";
}

TEST_F(EkCrlTest, OneOfSeveralListsIsEnough) {
  EXPECT_THAT(Check({of_root_, of_issuer_, MakeCrl({.revoked = {leaf_}}, issuer_)}), HasReason(reason::kEkRevoked));
}

TEST_F(EkCrlTest, WithoutChecksNoListIsNeededAndNoneIsRead) {
  EXPECT_THAT(Check({}, kNotChecked), IsOk());
  EXPECT_THAT(Check({MakeCrl({.revoked = {leaf_}}, issuer_)}, kNotChecked), IsOk());
}

TEST_F(EkCrlTest, EachIssuerNeedsAList) {
  EXPECT_THAT(Check({}), HasReason(reason::kEkCrlMissing));
  EXPECT_THAT(Check({of_root_}), HasReason(reason::kEkCrlMissing));
  EXPECT_THAT(Check({of_issuer_}, kCheckedWhenStale), HasReason(reason::kEkCrlMissing));
  const Bytes from_tomorrow = MakeCrl({.last_update = kNow + 1}, issuer_);
  EXPECT_THAT(Check({of_root_, from_tomorrow}), HasReason(reason::kEkCrlMissing));
  EXPECT_THAT(Check({of_root_, from_tomorrow}, kChecked, kNow + 1), IsOk());
}

TEST_F(EkCrlTest, AListCountsUntilItsEnd) {
  const Bytes ended = MakeCrl({.next_update = kNow}, issuer_);
  EXPECT_THAT(Check({of_root_, ended}, kChecked, kNow - 1), IsOk());
  EXPECT_THAT(Check({of_root_, ended}), HasReason(reason::kEkCrlStale));
  EXPECT_THAT(Check({of_root_, ended}, kCheckedWhenStale), IsOk());
  EXPECT_THAT(Check({of_root_, ended, of_issuer_}), IsOk()) << "a newer one is there";
  EXPECT_THAT(Check({of_root_, MakeCrl({.next_update = 0}, issuer_)}), IsOk()) << "it has no end";
  EXPECT_THAT(Check({of_root_, MakeCrl({.revoked = {leaf_}, .next_update = kNow}, issuer_)}),
              HasReason(reason::kEkRevoked))
      << "revoked for good";
}

TEST_F(EkCrlTest, AListIsOfAnIssuerThatIsKnownAndMaySignIt) {
  EXPECT_THAT(Create({MakeCrl({}, testing::MakeCa("other"))}), Says("signed it"));
  const Identity namesake = testing::MakeIdentity(CaShape("issuer"));
  EXPECT_THAT(Create({MakeCrl({}, namesake)}), Says("signed it"));
  const Identity no_signer = testing::MakeIdentity(CaShape("root", "keyCertSign"));
  EXPECT_THAT(EkTrust::Create({.anchors = {{.certificate = no_signer.Der(), .manufacturers = {kManufacturer}}},
                               .intermediates = {},
                               .revocation_lists = {MakeCrl({}, no_signer)}}),
              Says("signed it"));
}

TEST_F(EkCrlTest, AListOfAnotherNameWithTheSameKeyIsNone) {
  EVP_PKEY_up_ref(issuer_.key.get());
  const Identity renamed = testing::MakeIdentityWithKey(ossl::PKey(issuer_.key.get()), CaShape("another name"), &root_);
  ASSERT_OK_AND_ASSIGN(
      const EkTrust trust,
      EkTrust::Create(
          {.anchors = {{.certificate = root_.Der(), .manufacturers = {kManufacturer}, .revocation = kChecked}},
           .intermediates = {issuer_.Der(), renamed.Der()},
           .revocation_lists = {of_root_, MakeCrl({}, renamed)}}));
  const auto cert = ReadCertificate(leaf_, reason::kEkCertificateMalformed);
  EXPECT_THAT(trust.Check(cert->get(), {}, kManufacturer, FromUnixSeconds(kNow)), HasReason(reason::kEkCrlMissing));
}

TEST_F(EkCrlTest, WhatIsNoPlainListIsRefused) {
  EXPECT_THAT(Create({Bytes{1, 2, 3}}), Says("does not parse"));
  Bytes longer = of_root_;
  longer.push_back(0);
  EXPECT_THAT(Create({longer}), Says("does not parse"));
  EXPECT_THAT(Create({MakeCrl({.critical = true}, root_)}), Says("critical extension"));
  EXPECT_THAT(Create({Bytes(EkCrls::kMaxCrlSize + 1)}), Says("too large"));
}

}  // namespace
}  // namespace rootkeep::attestation
