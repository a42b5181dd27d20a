#include "signer/authority/ca_certificate.h"

#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "signer/certificate/name.h"
#include "tests/support/csr_builder.h"
#include "tests/support/csr_oracle.h"
#include "tests/support/matchers.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::SoftwareSigner;
using testing::TestHierarchy;

const WallTime kNow = FromUnixSeconds(testing::kTestNow);
const CaSubject kSubject{"cluster.local", "Rootkeep issuing CA mesh 1"};
const Profile kIssuing = IssuingCaProfile(IssuingCaLifetime(), 0);
const Profile kRoot = RootCaProfile(RootCaLifetime());

Deadline Soon() { return After(seconds(30)); }

Csr RequestOf(const Signer& signer) { return ParseCsr(MakeCsr(signer, kSubject, Soon()).value()).value(); }

TEST(SelfSignRoot, SignsItselfForTenYears) {
  const SoftwareSigner signer("P-384");
  ASSERT_OK_AND_ASSIGN(const Bytes der, SelfSignRoot(signer, {"cluster.local", "root"}, {kRoot}, kNow, Soon()));
  ASSERT_OK_AND_ASSIGN(const ossl::Cert root, ParseCertificateDer(der));
  EXPECT_EQ(X509_verify(root.get(), signer.pkey()), 1);
  EXPECT_EQ(X509_check_ca(root.get()), 1);
  EXPECT_EQ(X509_get_pathlen(root.get()), -1);
  EXPECT_EQ(NotBeforeOf(root.get()), kNow - std::chrono::minutes(2));
  EXPECT_EQ(NotAfterOf(root.get()), kNow + hours(24 * 3650));
  EXPECT_EQ(SubjectKeyIdOf(root.get()), signer.public_key().key_id());
  EXPECT_EQ(X509_NAME_cmp(X509_get_subject_name(root.get()), X509_get_issuer_name(root.get())), 0);
}

TEST(SelfSignRoot, RefusesWhatTheTokenSignedWrongly) {
  SoftwareSigner signer("P-256");
  signer.Break();
  EXPECT_THAT(SelfSignRoot(signer, {"cluster.local", "root"}, {kRoot}, kNow, Soon()), HasCode(Code::kDataLoss));
}

TEST(SelfSignRoot, RefusesLifetimesAndSubjectsOutOfBounds) {
  const SoftwareSigner signer("P-256");
  const CaSubject subject{"cluster.local", "root"};
  const auto with = [&](const CaSubject& s, seconds ttl) {
    return SelfSignRoot(signer, s, {kRoot, ttl}, kNow, Soon());
  };
  EXPECT_THAT(with(subject, kRoot.lifetime.max_ttl), IsOk());
  EXPECT_THAT(with(subject, kRoot.lifetime.max_ttl + seconds(1)), HasReason("ttl"));
  EXPECT_THAT(with(subject, kRoot.lifetime.min_ttl - seconds(1)), HasReason("ttl"));
  EXPECT_THAT(with(subject, seconds(-1)), HasReason("ttl"));
  EXPECT_THAT(with({"", "root"}, seconds(0)), HasReason("ca_subject"));
  EXPECT_THAT(with({"cluster.local", ""}, seconds(0)), HasReason("ca_subject"));
  EXPECT_THAT(with({"cluster.local", std::string(65, 'x')}, seconds(0)), HasReason("ca_subject"));
}

TEST(SelfSignRoot, TrustDomainThatIsNoSpiffeNameGivesNoName) {
  const SoftwareSigner signer("P-256");
  ASSERT_OK_AND_ASSIGN(const Bytes der, SelfSignRoot(signer, {"Not A Domain", "root"}, {kRoot}, kNow, Soon()));
  ASSERT_OK_AND_ASSIGN(const ossl::Cert root, ParseCertificateDer(der));
  EXPECT_EQ(X509_get_ext_by_NID(root.get(), NID_subject_alt_name, -1), -1);
}

TEST(IssueCaCertificate, ChainsToTheRoot) {
  const TestHierarchy ca;
  ASSERT_OK_AND_ASSIGN(const ossl::Cert issuing, ParseCertificateDer(ca.issuing_der));
  EXPECT_EQ(X509_verify(issuing.get(), ca.root->pkey()), 1);
  EXPECT_EQ(X509_get_pathlen(issuing.get()), 0);
  EXPECT_EQ(NotAfterOf(issuing.get()), kNow + hours(24 * 365));
  EXPECT_EQ(SubjectKeyIdOf(issuing.get()), ca.issuing->public_key().key_id());
  ASSERT_NE(X509_get0_authority_key_id(issuing.get()), nullptr);
}

TEST(IssueCaCertificate, EndsWithItsIssuer) {
  const SoftwareSigner root("P-256");
  const SoftwareSigner key("P-256");
  ASSERT_OK_AND_ASSIGN(const Bytes der,
                       SelfSignRoot(root, {"cluster.local", "root"}, {kRoot, hours(24 * 60)}, kNow, Soon()));
  ASSERT_OK_AND_ASSIGN(const Bytes issued,
                       IssueCaCertificate({der, root}, RequestOf(key), kSubject, {kIssuing}, kNow, Soon()));
  EXPECT_EQ(NotAfterOf(ParseCertificateDer(issued).value().get()), kNow + hours(24 * 60));
  const WallTime late = kNow + hours(24 * 60) - kIssuing.lifetime.min_ttl + seconds(1);
  EXPECT_THAT(IssueCaCertificate({der, root}, RequestOf(key), kSubject, {kIssuing}, late, Soon()),
              HasReason("ca_lifetime"));
}

TEST(IssueCaCertificate, RefusesIssuersThatMayNot) {
  const TestHierarchy ca;
  const SoftwareSigner key("P-256");
  const Csr csr = RequestOf(key);
  const auto issue = [&](const Bytes& der, const Signer& signer, const CaSubject& subject) {
    return IssueCaCertificate({der, signer}, csr, subject, {kIssuing}, kNow, Soon());
  };
  EXPECT_THAT(issue(ca.root_der, *ca.root, kSubject), IsOk());
  EXPECT_THAT(issue(ca.root_der, *ca.issuing, kSubject), HasReason("ca_key"));
  EXPECT_THAT(issue(ca.issuing_der, *ca.issuing, {"cluster.local", "below"}), HasReason("ca_path_length"));
  EXPECT_THAT(issue(ca.root_der, *ca.root, {"cluster.local", RootCommonName("mesh", 1)}), HasReason("ca_subject"));
  EXPECT_THAT(issue(FromHex("3000").value(), *ca.root, kSubject), HasReason("certificates"));
}

TEST(IssueCaCertificate, RefusesRequestsThatProveNothing) {
  const TestHierarchy ca;
  Csr csr = RequestOf(SoftwareSigner("P-256"));
  csr.signature.back() ^= 1;
  EXPECT_THAT(IssueCaCertificate({ca.root_der, *ca.root}, csr, kSubject, {kIssuing}, kNow, Soon()),
              HasReason("csr_signature"));
  const ossl::PKey odd_size = testing::MakeKey("RSA:2560");
  const Csr odd = ParseCsr(testing::MakeCsrPem(odd_size.get(), "spiffe://cluster.local")).value();
  EXPECT_THAT(IssueCaCertificate({ca.root_der, *ca.root}, odd, kSubject, {kIssuing}, kNow, Soon()),
              HasCode(Code::kInvalidArgument));
}

TEST(IssueCaCertificate, RefusesWhatTheTokenSignedWrongly) {
  const TestHierarchy ca;
  ca.root->Break();
  EXPECT_THAT(IssueCaCertificate({ca.root_der, *ca.root}, RequestOf(SoftwareSigner("P-256")), kSubject, {kIssuing},
                                 kNow, Soon()),
              HasCode(Code::kDataLoss));
}

TEST(MakeCsr, OpenSslReadsIt) {
  for (const char* kind : {"P-256", "P-384", "ED25519", "RSA:2048"}) {
    const SoftwareSigner signer(kind);
    const Csr csr = RequestOf(signer);
    EXPECT_EQ(csr.common_name, kSubject.common_name);
    EXPECT_EQ(Describe(csr.sans), "spiffe://cluster.local");
    EXPECT_TRUE(csr.other_extensions);
    EXPECT_EQ(testing::DisagreementWithOpenSsl(csr, true), "") << kind;
  }
}

TEST(MakeCsr, RefusesWhatTheTokenSignedWrongly) {
  SoftwareSigner signer("P-256");
  signer.Break();
  EXPECT_THAT(MakeCsr(signer, kSubject, Soon()), HasReason("csr_signature"));
}

}  // namespace
}  // namespace rootkeep
