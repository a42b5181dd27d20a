#include "attestation/verifier/ek_certificate.h"

#include "attestation/verifier/reasons.h"
#include "attestation/wire/messages.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/unit/attestation/verifier/ek_certificates.h"

namespace rootkeep::attestation {
namespace {

using testing::EkCertificateShape;
using testing::HasReason;
using testing::IsOk;
using testing::Says;

class EkCertificates : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rsa_ = testing::MakeKey("RSA:2048").release();
    ecc_ = testing::MakeKey("P-384").release();
  }
  static void TearDownTestSuite() {
    EVP_PKEY_free(rsa_);
    EVP_PKEY_free(ecc_);
  }

  Result<TpmNames> Check(const EkCertificateShape& shape, bool rsa = true) {
    const Bytes der = testing::MakeEkCertificate(shape, rsa ? rsa_ : ecc_, ca_);
    const Result<ossl::Cert> cert = ReadCertificate(der, reason::kEkCertificateMalformed);
    EXPECT_THAT(cert, IsOk());
    return CheckEkProfile(cert->get(), rsa);
  }

  static inline EVP_PKEY* rsa_ = nullptr;
  static inline EVP_PKEY* ecc_ = nullptr;
  const testing::Identity ca_ = testing::MakeCa();
};

TEST_F(EkCertificates, NameTheTpm) {
  ASSERT_OK_AND_ASSIGN(const TpmNames names, Check({}));
  EXPECT_EQ(names.manufacturer, "id:00001014");
  EXPECT_EQ(names.model, "swtpm");
  EXPECT_EQ(names.version, "id:20191023");
}

TEST_F(EkCertificates, AreOfVersion3) {
  EXPECT_THAT(Check({.version = X509_VERSION_1}), HasReason(reason::kEkCertificateVersion));
  EXPECT_THAT(Check({.version = X509_VERSION_2}), HasReason(reason::kEkCertificateVersion));
}

TEST_F(EkCertificates, HaveAPositiveSerialNumber) {
  EXPECT_THAT(Check({.serial = 0}), HasReason(reason::kEkCertificateSerial));
  EXPECT_THAT(Check({.serial = -5}), HasReason(reason::kEkCertificateSerial));
}

TEST_F(EkCertificates, AreNoCas) {
  EXPECT_THAT(Check({.basic_constraints = ""}), HasReason(reason::kEkCertificateCa));
  // An issuer may have the extended key usage of what it issues.
  EXPECT_THAT(Check({.basic_constraints = "critical,CA:TRUE", .key_usage = "keyEncipherment,keyCertSign"}),
              HasReason(reason::kEkCertificateCa));
}

TEST_F(EkCertificates, AreForTheUsageOfTheirKey) {
  EXPECT_THAT(Check({.key_usage = "critical,keyAgreement"}, false), IsOk());
  EXPECT_THAT(Check({.key_usage = "critical,keyAgreement"}), HasReason(reason::kEkCertificateKeyUsage));
  EXPECT_THAT(Check({.key_usage = "critical,keyEncipherment"}, false), HasReason(reason::kEkCertificateKeyUsage));
  EXPECT_THAT(Check({.key_usage = ""}), HasReason(reason::kEkCertificateKeyUsage));
  EXPECT_THAT(Check({.key_usage = "keyEncipherment,keyCertSign"}), HasReason(reason::kEkCertificateKeyUsage));
  EXPECT_THAT(Check({.key_usage = "keyEncipherment,cRLSign"}), HasReason(reason::kEkCertificateKeyUsage));
  // Others beside it take nothing away.
  EXPECT_THAT(Check({.key_usage = "digitalSignature,keyEncipherment,dataEncipherment"}), IsOk());
  EXPECT_THAT(Check({.key_usage = "digitalSignature,keyAgreement"}, false), IsOk());
  EXPECT_THAT(Check({.key_usage = "digitalSignature,dataEncipherment"}), HasReason(reason::kEkCertificateKeyUsage));
}

TEST_F(EkCertificates, AreForEndorsementWhenTheySayWhatTheyAreFor) {
  EXPECT_THAT(Check({.extended_key_usage = ""}), IsOk());
  EXPECT_THAT(Check({.extended_key_usage = "serverAuth,2.23.133.8.1"}), IsOk());
  EXPECT_THAT(Check({.extended_key_usage = "serverAuth"}), HasReason(reason::kEkCertificateExtKeyUsage));
  EXPECT_THAT(Check({.extended_key_usage = "2.23.133.8.3"}), HasReason(reason::kEkCertificateExtKeyUsage));  // an AK's
}

TEST_F(EkCertificates, NameManufacturerModelAndVersion) {
  const auto with = [&](std::vector<std::pair<std::string, std::string>> names) {
    return Check({.names = std::move(names)});
  };
  const std::pair<std::string, std::string> manufacturer{"2.23.133.2.1", "id:494658aB"};
  const std::pair<std::string, std::string> model{"2.23.133.2.2", "SLB 9672"};
  const std::pair<std::string, std::string> version{"2.23.133.2.3", "id:1016"};
  EXPECT_EQ(with({version, {"2.5.4.3", "other"}, model, manufacturer})->manufacturer, "id:494658AB");
  // Several attributes in one RDN, as some manufacturers have it.
  EXPECT_THAT(with({manufacturer, {"+2.23.133.2.2", "SLB 9672"}, {"+2.23.133.2.3", "id:1016"}}), IsOk());
  EXPECT_THAT(with({}), HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({manufacturer, model}), HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({manufacturer, version}), HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({model, version}), HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({manufacturer, manufacturer, model, version}), HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({{"2.23.133.2.1", "Infineon"}, model, version}), HasReason(reason::kEkCertificateNames));
  for (const char* other : {"id:4946580", "id:494658", "id:494658AB00", "id:494658AG"}) {
    EXPECT_THAT(with({{"2.23.133.2.1", other}, model, version}), HasReason(reason::kEkCertificateNames)) << other;
  }
  EXPECT_THAT(with({manufacturer, {"2.23.133.2.2", std::string(128, 'm')}, version}), IsOk());
  EXPECT_THAT(with({manufacturer, {"2.23.133.2.2", std::string(129, 'm')}, version}),
              HasReason(reason::kEkCertificateNames));
  EXPECT_THAT(with({manufacturer, {"2.23.133.2.2", "mod\xc3\xa8le"}, version}), HasReason(reason::kEkCertificateNames));
}

TEST_F(EkCertificates, SayCriticallyWhatTheSubjectLeavesOut) {
  EXPECT_THAT(Check({.common_name = ""}), IsOk());
  EXPECT_THAT(Check({.names_critical = false}), IsOk());
  EXPECT_THAT(Check({.common_name = "", .names_critical = false}), HasReason(reason::kEkCertificateNames));
}

TEST_F(EkCertificates, AreForATpm2) {
  EXPECT_THAT(Check({.specification = ""}), IsOk());
  EXPECT_THAT(Check({.specification = "1.2"}), HasReason(reason::kEkCertificateSpecification));
  EXPECT_THAT(Check({.revision = ""}), HasReason(reason::kEkCertificateSpecification)) << "two values, not three";
  EXPECT_THAT(Check({.other_attributes = true}), IsOk());
  EXPECT_THAT(Check({.specification = "1.2", .other_attributes = true}),
              HasReason(reason::kEkCertificateSpecification));
  EXPECT_THAT(Check({.behind_attributes = {0}}), HasReason(reason::kEkCertificateSpecification));
  for (const char* other : {"BOOLEAN:TRUE", "INTEGER:1", "UTF8String:2.0"}) {
    EXPECT_THAT(Check({.attribute = other}), HasReason(reason::kEkCertificateSpecification)) << other;
    EXPECT_THAT(Check({.attribute_value = other}), HasReason(reason::kEkCertificateSpecification)) << other;
  }
}

TEST_F(EkCertificates, AreForTheirKey) {  // CVE-2021-3406
  const Bytes der = testing::MakeEkCertificate({}, rsa_, ca_);
  ASSERT_OK_AND_ASSIGN(const ossl::Cert cert, ReadCertificate(der, reason::kEkCertificateMalformed));
  EXPECT_THAT(CheckEkCertificateKey(cert.get(), testing::SpkiOf(rsa_)), IsOk());
  EXPECT_THAT(CheckEkCertificateKey(cert.get(), testing::SpkiOf(ecc_)), HasReason(reason::kEkCertificateKey));
  EXPECT_THAT(CheckEkCertificateKey(cert.get(), testing::MakeSpki("RSA:2048")), HasReason(reason::kEkCertificateKey));
}

TEST_F(EkCertificates, AreForNoTpm12) {
  const Bytes der = testing::MakeEkCertificate({.rsaes_oaep = true}, rsa_, ca_);
  ASSERT_OK_AND_ASSIGN(const ossl::Cert cert, ReadCertificate(der, reason::kEkCertificateMalformed));
  const Status checked = CheckEkCertificateKey(cert.get(), testing::SpkiOf(rsa_));
  EXPECT_THAT(checked, HasReason(reason::kEkCertificateKey));
  EXPECT_THAT(checked, Says("id-RSAES-OAEP"));
}

TEST_F(EkCertificates, AreOneWholeCertificate) {
  const auto read = [](const Bytes& der) { return ReadCertificate(der, reason::kEkCertificateMalformed); };
  Bytes der = testing::MakeEkCertificate({}, rsa_, ca_);
  EXPECT_THAT(read(der), IsOk());
  der.push_back(0);
  EXPECT_THAT(read(der), HasReason(reason::kEkCertificateMalformed));
  der.resize(der.size() - 2);
  EXPECT_THAT(read(der), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(read({}), HasReason(reason::kEkCertificateMalformed));
  EkCertificateShape large;
  large.names.emplace_back("2.23.133.2.4", std::string(kMaxCertificateSize, 'x'));
  EXPECT_THAT(read(testing::MakeEkCertificate(large, rsa_, ca_)), Says("it is larger than 8 KiB"));
}

TEST_F(EkCertificates, AreTakenOutOfWhatAnIndexHolds) {
  const Bytes der = testing::MakeEkCertificate({}, rsa_, ca_);
  Bytes wrapped{0x10, 0x01, 0x00, static_cast<std::uint8_t>(der.size() >> 8), static_cast<std::uint8_t>(der.size())};
  wrapped.insert(wrapped.end(), der.begin(), der.end());
  const auto unwrap = [](const Bytes& contents) -> Result<Bytes> {
    RK_TRY(const ByteView view, UnwrapEkCertificate(contents));
    return ToBytes(view);
  };
  EXPECT_EQ(*unwrap(der), der);
  EXPECT_EQ(*unwrap(wrapped), der);
  for (Bytes padded : {der, wrapped}) {
    padded.resize(padded.size() + 100, 0xff);
    EXPECT_EQ(*unwrap(padded), der);
  }
  EXPECT_THAT(unwrap(Bytes(wrapped.begin(), wrapped.end() - 1)), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap(Bytes(der.begin(), der.end() - 1)), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap({0x10, 0x01, 0x00, 0x00, 0x00}), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap({0x10, 0x01, 0x00}), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap({0x04, 0x01, 0x00}), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap({0x30, 0x80, 0x00, 0x00}), HasReason(reason::kEkCertificateMalformed));  // indefinite length
  EXPECT_THAT(unwrap({0x3f, 0x10, 0x01, 0xff}), HasReason(reason::kEkCertificateMalformed));  // a tag in two octets
  EXPECT_THAT(unwrap({0x70, 0x01, 0xff}), HasReason(reason::kEkCertificateMalformed));        // of class application
  EXPECT_THAT(unwrap({0x30, 0x00, 0x00}), HasReason(reason::kEkCertificateMalformed));
  EXPECT_THAT(unwrap({}), HasReason(reason::kEkCertificateMalformed));
}

}  // namespace
}  // namespace rootkeep::attestation
