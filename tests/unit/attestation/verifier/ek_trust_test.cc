#include "attestation/verifier/ek_trust.h"

#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/unit/attestation/verifier/ek_certificates.h"

namespace rootkeep::attestation {
namespace {

using testing::EkCertificateShape;
using testing::HasCode;
using testing::HasReason;
using testing::Identity;
using testing::IsOk;

constexpr std::int64_t kNow = 1'800'000'000;  // in the year 2027
constexpr const char* kManufacturer = "id:00001014";

testing::CertificateShape CaShape(const std::string& name) {
  return {.common_name = name,
          .basic_constraints = "critical,CA:TRUE",
          .key_usage = "critical,keyCertSign",
          .extended_key_usage = ""};
}

class EkTrustTest : public ::testing::Test {
 protected:
  Status Check(const EkTrust& trust, const Bytes& leaf, const std::vector<Bytes>& untrusted = {},
               const std::string& manufacturer = kManufacturer, std::int64_t now = kNow) {
    const Result<ossl::Cert> cert = ReadCertificate(leaf, reason::kEkCertificateMalformed);
    EXPECT_THAT(cert, IsOk());
    return trust.Check(cert->get(), untrusted, manufacturer, FromUnixSeconds(now));
  }

  EkTrust Trust(const Identity& anchor, bool accept_expired = false, std::vector<Bytes> intermediates = {}) {
    return *EkTrust::Create({.anchors = {{.certificate = anchor.Der(),
                                          .manufacturers = {kManufacturer, "id:49465800"},
                                          .accept_expired = accept_expired}},
                             .intermediates = std::move(intermediates)});
  }

  Bytes Leaf(const Identity& issuer, const EkCertificateShape& shape = {}) {
    return testing::MakeEkCertificate(shape, key_.get(), issuer);
  }

  const ossl::PKey key_ = testing::MakeKey("RSA:2048");
  const Identity root_ = testing::MakeIdentity(CaShape("root"));
  const Identity issuer_ = testing::MakeIdentity(CaShape("issuer"), &root_);
};

TEST_F(EkTrustTest, IsInARoot) {
  EXPECT_THAT(Check(Trust(root_), Leaf(root_)), IsOk());
  EXPECT_THAT(Check(Trust(root_), Leaf(issuer_), {issuer_.Der()}), IsOk());
  EXPECT_THAT(Check(Trust(root_, false, {issuer_.Der()}), Leaf(issuer_)), IsOk());
}

TEST_F(EkTrustTest, IsInAnIssuerThatStandsAlone) { EXPECT_THAT(Check(Trust(issuer_), Leaf(issuer_)), IsOk()); }

TEST_F(EkTrustTest, IsInNobodyByDefault) {
  ASSERT_OK_AND_ASSIGN(const EkTrust nobody, EkTrust::Create({}));
  EXPECT_THAT(Check(nobody, Leaf(root_)), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, IsNotInWhatTheNodeSends) {  // neither an own root nor an intermediate without its root
  EXPECT_THAT(Check(Trust(testing::MakeCa("other")), Leaf(root_), {root_.Der()}), HasReason(reason::kEkChain));
  EXPECT_THAT(Check(Trust(testing::MakeCa("other"), false, {issuer_.Der()}), Leaf(issuer_)),
              HasReason(reason::kEkChain));
  EXPECT_THAT(Check(Trust(root_), Leaf(issuer_)), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, IsNotInANamesake) {
  const Identity namesake = testing::MakeIdentity(CaShape("root"));
  EXPECT_THAT(Check(Trust(root_), Leaf(namesake)), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, IsNotInACertificateThatIsNoCas) {
  testing::CertificateShape shape = CaShape("end");
  shape.basic_constraints = "critical,CA:FALSE";
  const Identity end = testing::MakeIdentity(shape, &root_);
  EXPECT_THAT(Check(Trust(root_), Leaf(end), {end.Der()}), HasReason(reason::kEkChain));
  shape.basic_constraints = "";  // which OpenSSL takes for a CA's, by its key usage
  const Identity silent = testing::MakeIdentity(shape, &root_);
  EXPECT_THAT(Check(Trust(root_), Leaf(silent), {silent.Der()}), HasReason(reason::kEkChain));
  shape = CaShape("no signer");
  shape.key_usage = "critical,cRLSign";
  const Identity no_signer = testing::MakeIdentity(shape, &root_);
  EXPECT_THAT(Check(Trust(root_), Leaf(no_signer), {no_signer.Der()}), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, HoldsToPathLengths) {
  testing::CertificateShape shape = CaShape("last");
  shape.basic_constraints = "critical,CA:TRUE,pathlen:0";
  const Identity last = testing::MakeIdentity(shape, &root_);
  const Identity below = testing::MakeIdentity(CaShape("below"), &last);
  EXPECT_THAT(Check(Trust(root_), Leaf(last), {last.Der()}), IsOk());
  EXPECT_THAT(Check(Trust(root_), Leaf(below), {below.Der(), last.Der()}), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, EndsWithTheLongestChain) {
  std::vector<Bytes> chain;
  std::vector<Identity> issuers;
  issuers.push_back(testing::MakeIdentity(CaShape("0"), &root_));
  while (issuers.size() < EkTrust::kMaxChain - 2) {
    issuers.push_back(testing::MakeIdentity(CaShape(std::to_string(issuers.size())), &issuers.back()));
  }
  for (const Identity& issuer : issuers) chain.push_back(issuer.Der());
  EXPECT_THAT(Check(Trust(root_), Leaf(issuers.back()), chain), IsOk());
  issuers.push_back(testing::MakeIdentity(CaShape("one more"), &issuers.back()));
  chain.push_back(issuers.back().Der());
  EXPECT_THAT(Check(Trust(root_), Leaf(issuers.back()), chain), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, IsForTheManufacturersOfTheRoot) {
  EXPECT_THAT(Check(Trust(root_), Leaf(root_), {}, "id:49465800"), IsOk());
  EXPECT_THAT(Check(Trust(root_), Leaf(root_), {}, "id:53544D20"), HasReason(reason::kEkManufacturer));
  EXPECT_THAT(Check(Trust(root_), Leaf(root_), {}, ""), HasReason(reason::kEkManufacturer));
}

TEST_F(EkTrustTest, EndsWithTheCertificates) {
  const Bytes expired = Leaf(root_, {.not_after = kNow - 1});
  EXPECT_THAT(Check(Trust(root_), expired), HasReason(reason::kEkChainTime));
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.not_before = kNow + 60})), HasReason(reason::kEkChainTime));
  testing::CertificateShape shape = CaShape("old");
  shape.not_after = kNow - 1;
  const Identity old = testing::MakeIdentity(shape, &root_);
  EXPECT_THAT(Check(Trust(root_), Leaf(old), {old.Der()}), HasReason(reason::kEkChainTime));
}

TEST_F(EkTrustTest, OutlivesTheCertificatesOfAnAnchorThatIsMarkedSo) {
  testing::CertificateShape shape = CaShape("old");
  shape.not_after = kNow - 1;
  const Identity old = testing::MakeIdentity(shape, &root_);
  EXPECT_THAT(Check(Trust(root_, true), Leaf(old), {old.Der()}), IsOk());
  // Not from before their beginning, and not for another anchor.
  EXPECT_THAT(Check(Trust(root_, true), Leaf(root_, {.not_before = kNow + 60})), HasReason(reason::kEkChainTime));
  const Identity other = testing::MakeIdentity(CaShape("other root"));
  ASSERT_OK_AND_ASSIGN(
      const EkTrust both,
      EkTrust::Create(
          {.anchors = {{.certificate = root_.Der(), .manufacturers = {kManufacturer}},
                       {.certificate = other.Der(), .manufacturers = {kManufacturer}, .accept_expired = true}},
           .intermediates = {}}));
  EXPECT_THAT(Check(both, Leaf(other, {.not_after = kNow - 1})), IsOk());
  EXPECT_THAT(Check(both, Leaf(root_, {.not_after = kNow - 1})), HasReason(reason::kEkChainTime));
}

TEST_F(EkTrustTest, NeedsNoPurpose) {  // tcg-kp-EKCertificate alone is none of OpenSSL's
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.extended_key_usage = "2.23.133.8.1"})), IsOk());
}

TEST_F(EkTrustTest, BearsCriticalAttributesAndNamesAndNothingElse) {
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.common_name = "", .names_critical = true})), IsOk());
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.specification_critical = true})), IsOk());
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.unknown_critical = "1.2.3.4"})), HasReason(reason::kEkChain));
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.specification_critical = true, .unknown_critical = "1.2.3.4"})),
              HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, BearsCriticalAttributesOfTheLeafAlone) {
  const auto issuer = [this](bool critical) {
    ossl::PKey key = testing::MakeKey("RSA:2048");
    const Bytes der = testing::MakeEkCertificate({.common_name = "issuer",
                                                  .basic_constraints = "critical,CA:TRUE",
                                                  .key_usage = "critical,keyCertSign",
                                                  .extended_key_usage = "",
                                                  .specification_critical = critical},
                                                 key.get(), root_);
    return Identity{.key = std::move(key), .cert = ReadCertificate(der, reason::kEkChainMalformed).value()};
  };
  const Identity plain = issuer(false);
  EXPECT_THAT(Check(Trust(root_), Leaf(plain), {plain.Der()}), IsOk());
  const Identity critical = issuer(true);
  EXPECT_THAT(Check(Trust(root_), Leaf(critical), {critical.Der()}), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, IsNotInWeakSignatures) {
  EXPECT_THAT(Check(Trust(root_), Leaf(root_, {.md = "SHA1"})), HasReason(reason::kEkChain));
}

TEST_F(EkTrustTest, ReadsWhatTheNodeSends) {
  EXPECT_THAT(Check(Trust(root_), Leaf(root_), {Bytes{1, 2, 3}}), HasReason(reason::kEkChainMalformed));
}

TEST_F(EkTrustTest, IsMadeOfSoundSettings) {
  const auto create = [](std::vector<EkAnchor> anchors, std::vector<Bytes> intermediates = {}) {
    return EkTrust::Create({.anchors = std::move(anchors), .intermediates = std::move(intermediates)});
  };
  const EkAnchor sound{.certificate = root_.Der(), .manufacturers = {kManufacturer}};
  EXPECT_THAT(create({sound}, {issuer_.Der()}), IsOk());
  EXPECT_THAT(create({sound, sound}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(create({{.certificate = root_.Der(), .manufacturers = {}}}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(create({{.certificate = root_.Der(), .manufacturers = {"IFX"}}}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(create({{.certificate = {1}, .manufacturers = {kManufacturer}}}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(create({{.certificate = Leaf(root_), .manufacturers = {kManufacturer}}}),
              HasCode(Code::kInvalidArgument));
  EXPECT_THAT(create({sound}, {Leaf(root_)}), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::attestation
