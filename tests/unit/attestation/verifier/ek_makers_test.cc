// What manufacturers' certificates are known for that other certificates are not.
#include "attestation/verifier/ek_certificate.h"
#include "attestation/verifier/ek_trust.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/unit/attestation/verifier/ek_certificates.h"

namespace rootkeep::attestation {
namespace {

using testing::EkCertificateShape;
using testing::HasReason;
using testing::Identity;
using testing::IsOk;

constexpr std::int64_t kNow = 1'800'000'000;  // in the year 2027
constexpr const char* kManufacturer = "id:00001014";

const EkCertificateShape kIssuer{.common_name = "EK CA",
                                 .names = {},
                                 .basic_constraints = "critical,CA:TRUE,pathlen:0",
                                 .key_usage = "critical,keyCertSign",
                                 .extended_key_usage = "",
                                 .specification = ""};

// A Name of one RDN with these attributes.
Bytes OneRdn(const std::vector<std::string>& attributes) {
  std::string all;
  for (const std::string& attribute : attributes) all += attribute;
  const auto size = static_cast<std::uint8_t>(all.size() / 2);
  Bytes name{0x30, static_cast<std::uint8_t>(size + 2), 0x31, size};
  const Bytes octets = FromHex(all).value();
  name.insert(name.end(), octets.begin(), octets.end());
  return name;
}
constexpr char kCountry[] =
    "300906035504061302"
    "5457";  // TW
constexpr char kCommonName[] =
    "300c06035504030c05"
    "454b204341";  // EK CA
constexpr char kOrganisation[] =
    "300e060355040a0c07"
    "4e75766f746f6e";  // Nuvoton

class EkMakers : public ::testing::Test {
 protected:
  [[nodiscard]] Identity Issuer(const EkCertificateShape& shape) const {
    ossl::PKey key = testing::MakeKey("P-384");
    const Bytes der = testing::MakeEkCertificate(shape, key.get(), root_);
    return {.key = std::move(key), .cert = ReadCertificate(der, reason::kEkChainMalformed).value()};
  }
  // Everything that is asked of an EK's certificate, below a pinned root.
  [[nodiscard]] Status Check(const EkCertificateShape& shape, const Identity& issuer, const char* kind = "RSA:2048",
                             std::vector<Bytes> sent = {}) const {
    const ossl::PKey key = testing::MakeKey(kind);
    const Bytes der = testing::MakeEkCertificate(shape, key.get(), issuer);
    RK_TRY(const ossl::Cert cert, ReadCertificate(der, reason::kEkCertificateMalformed));
    RK_RETURN_IF_ERROR(CheckEkCertificateKey(cert.get(), testing::SpkiOf(key.get())));
    RK_TRY(const TpmNames names, CheckEkProfile(cert.get(), std::string_view(kind).starts_with("RSA")));
    if (sent.empty()) sent.push_back(issuer.Der());
    return trust_.Check(cert.get(), sent, names.manufacturer, FromUnixSeconds(kNow));
  }

  const Identity root_ = testing::MakeCa("root");
  const EkTrust trust_ =
      EkTrust::Create({.anchors = {{.certificate = root_.Der(), .manufacturers = {kManufacturer}}}}).value();
  const Identity issuer_ = Issuer(kIssuer);
};

// Infineon.
TEST_F(EkMakers, MayNameTheTpmInOneRdnAndMarkThePolicyCritical) {
  EXPECT_THAT(
      Check({.common_name = "",
             .names = {{"2.23.133.2.1", kManufacturer}, {"+2.23.133.2.2", "SLB 9672"}, {"+2.23.133.2.3", "id:1016"}},
             .extended_key_usage = "",
             .other_attributes = true,
             .certificate_policies = "critical,@policy",
             .authority_key_id = "issuer:always"},
            issuer_),
      IsOk());
}

// Nuvoton.
TEST_F(EkMakers, MayLeaveAttributesOfTheirNameInNoOrder) {
  EkCertificateShape shape = kIssuer;
  shape.subject = OneRdn({kCountry, kCommonName, kOrganisation});
  const Identity issuer = Issuer(shape);
  EXPECT_THAT(Check({.common_name = "", .issuer = OneRdn({kCommonName, kOrganisation, kCountry})}, issuer), IsOk());
  EXPECT_THAT(Check({.common_name = "", .issuer = OneRdn({kCommonName, kOrganisation})}, issuer),
              HasReason(reason::kEkChain))
      << "another name";
}

// Intel.
TEST_F(EkMakers, MayWriteOutThatAnExtensionIsNotCritical) {
  EXPECT_THAT(Check({.key_usage = "keyAgreement", .encodes_false = true}, issuer_, "P-384"), IsOk());
}

TEST_F(EkMakers, MaySayMoreOfTheKeysUse) {
  EXPECT_THAT(Check({.key_usage = "keyEncipherment,digitalSignature"}, issuer_), IsOk());
  EXPECT_THAT(Check({.key_usage = "keyAgreement,digitalSignature"}, issuer_, "P-256"), IsOk());
}

// With an issuer's key renewed under its old name, only the key identifier says which one it was.
TEST_F(EkMakers, MayHaveNamesakes) {
  EkCertificateShape shape = kIssuer;
  shape.subject_key_id = "hash";
  const Identity then = Issuer(shape);
  const Identity now = Issuer(shape);
  const EkCertificateShape leaf{.authority_key_id = "keyid:always"};
  EXPECT_THAT(Check(leaf, now, "RSA:2048", {then.Der(), now.Der()}), IsOk());
  EXPECT_THAT(Check(leaf, then, "RSA:2048", {then.Der(), now.Der()}), IsOk());
  EXPECT_THAT(Check(leaf, now, "RSA:2048", {then.Der()}), HasReason(reason::kEkChain));
}

// A serial number of one octet, no key identifiers, nothing of where to look for lists: what the profile leaves open.
TEST_F(EkMakers, MayLeaveOutWhatIsOptional) {
  EXPECT_THAT(Check({.extended_key_usage = "", .specification = ""}, issuer_), IsOk());
}

}  // namespace
}  // namespace rootkeep::attestation
