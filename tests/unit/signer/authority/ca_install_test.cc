// What `ca install` accepts back from a root kept elsewhere, here played by OpenSSL.
#include <openssl/x509v3.h>

#include "signer/authority/ca_certificate.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "tests/support/matchers.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasReason;
using testing::IsOk;
using testing::TestHierarchy;

const WallTime kNow = FromUnixSeconds(testing::kTestNow);
const Profile kIssuing = IssuingCaProfile(IssuingCaLifetime(), 0);

using ExtensionText = std::pair<int, std::string>;

// A certificate for `ca.issuing`'s key with these extensions, signed by `ca.root` through OpenSSL.
std::string Foreign(const TestHierarchy& ca, const std::vector<ExtensionText>& extensions,
                    const EVP_MD* md = EVP_sha256()) {
  const ossl::Cert root = ParseCertificateDer(ca.root_der).value();
  const ossl::Cert cert(X509_new());
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 4711);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(root.get()));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("foreign"), -1, -1, 0);
  ASN1_TIME_set(X509_getm_notBefore(cert.get()), testing::kTestNow);
  ASN1_TIME_set(X509_getm_notAfter(cert.get()), testing::kTestNow + 86400 * 90);
  X509_set_pubkey(cert.get(), ca.issuing->pkey());
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, root.get(), cert.get(), nullptr, nullptr, 0);
  for (const auto& [nid, text] : extensions) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, text.c_str());
    EXPECT_NE(extension, nullptr) << text;
    X509_add_ext(cert.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  EXPECT_GT(X509_sign(cert.get(), ca.root->pkey(), md), 0);
  return CertificatePem(CertificateDer(cert.get()));
}

const ExtensionText kConstraints{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"};
const ExtensionText kUsage{NID_key_usage, "critical,keyCertSign,cRLSign"};
const ExtensionText kKeyId{NID_subject_key_identifier, "hash"};

class CaInstall : public ::testing::Test {
 protected:
  [[nodiscard]] Status Check(const std::string& chain, WallTime now = kNow + hours(1)) const {
    return CheckInstalled({ca_.issuing->public_key(), chain, CertificatePem(ca_.root_der)}, kIssuing, now);
  }

  TestHierarchy ca_;
};

TEST_F(CaInstall, AcceptsOursAndForeignOnes) {
  EXPECT_THAT(Check(CertificatePem(ca_.issuing_der)), IsOk());
  EXPECT_THAT(Check(Foreign(ca_, {kConstraints, kUsage, kKeyId})), IsOk());
  EXPECT_THAT(Check(Foreign(ca_, {kConstraints, {NID_key_usage, "critical,digitalSignature,keyCertSign"}, kKeyId})),
              IsOk());
  EXPECT_THAT(Check(Foreign(ca_, {kConstraints, kUsage, kKeyId, {NID_ext_key_usage, "serverAuth,clientAuth"}})),
              IsOk());
}

TEST_F(CaInstall, RefusesAnotherKey) {
  EXPECT_THAT(Check(CertificatePem(TestHierarchy().issuing_der)), HasReason("ca_key"));
  EXPECT_THAT(Check(CertificatePem(ca_.root_der) + CertificatePem(ca_.issuing_der)), HasReason("ca_key"));
}

TEST_F(CaInstall, RefusesAChainThatDoesNotVerify) {
  const TestHierarchy other;
  const Installation installation{ca_.issuing->public_key(), CertificatePem(ca_.issuing_der),
                                  CertificatePem(other.root_der)};
  EXPECT_THAT(CheckInstalled(installation, kIssuing, kNow), HasReason("chain"));
  EXPECT_THAT(Check(CertificatePem(ca_.issuing_der), kNow - hours(1)), HasReason("chain"));
  EXPECT_THAT(Check(CertificatePem(ca_.issuing_der), kNow + hours(24 * 366)), HasReason("chain"));
}

TEST_F(CaInstall, RefusesWeakSignatures) {
  EXPECT_THAT(Check(Foreign(ca_, {kConstraints, kUsage, kKeyId}, EVP_sha1())), HasReason("chain"));
}

TEST_F(CaInstall, RefusesPathLengths) {
  EXPECT_THAT(Check(Foreign(ca_, {{NID_basic_constraints, "critical,CA:TRUE"}, kUsage, kKeyId})),
              HasReason("ca_path_length"));
  EXPECT_THAT(Check(Foreign(ca_, {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"}, kUsage, kKeyId})),
              HasReason("ca_path_length"));
}

TEST_F(CaInstall, RefusesProfiles) {
  const std::vector<std::vector<ExtensionText>> bad{
      {kUsage, kKeyId},
      {{NID_basic_constraints, "critical,CA:FALSE"}, kUsage, kKeyId},
      {{NID_basic_constraints, "CA:TRUE,pathlen:0"}, kUsage, kKeyId},
      {kConstraints, kKeyId},
      {kConstraints, {NID_key_usage, "keyCertSign,cRLSign"}, kKeyId},
      {kConstraints, {NID_key_usage, "critical,cRLSign"}, kKeyId},
      {kConstraints, {NID_key_usage, "critical,keyCertSign,keyEncipherment"}, kKeyId},
      {kConstraints, kUsage},
      {kConstraints, kUsage, kKeyId, {NID_ext_key_usage, "serverAuth"}},
      {kConstraints, kUsage, kKeyId, {NID_ext_key_usage, "codeSigning"}},
  };
  for (const auto& extensions : bad) {
    EXPECT_THAT(Check(Foreign(ca_, extensions)), HasReason("ca_profile")) << ::testing::PrintToString(extensions);
  }
}

TEST_F(CaInstall, KeyUsageAloneMakesNoAuthority) {
  const Certificates chain = ParseCertificates(Foreign(ca_, {kUsage, kKeyId})).value();
  EXPECT_FALSE(MaySignCertificates(chain.front().get()));  // X509_check_ca guesses that it does
}

TEST_F(CaInstall, RefusesOneThatEndsTooSoon) {
  const WallTime end = kNow + hours(24 * 90);
  const std::string chain = Foreign(ca_, {kConstraints, kUsage, kKeyId});
  EXPECT_THAT(Check(chain, end - kIssuing.lifetime.min_ttl), IsOk());
  EXPECT_THAT(Check(chain, end - kIssuing.lifetime.min_ttl + seconds(1)), HasReason("ca_lifetime"));
}

TEST_F(CaInstall, RefusesWhatIsNotCertificates) {
  EXPECT_THAT(Check("nothing"), HasReason("certificates"));
  EXPECT_THAT(Check(CertificatePem(FromHex("0102").value())), HasReason("certificates"));
}

}  // namespace
}  // namespace rootkeep
