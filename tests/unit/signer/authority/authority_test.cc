#include "signer/authority/authority.h"

#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "signer/certificate/name.h"
#include "tests/support/matchers.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep {
namespace {

using std::chrono::hours;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Says;
using testing::TestHierarchy;

const WallTime kNow = FromUnixSeconds(testing::kTestNow);

Deadline Soon() { return After(std::chrono::seconds(30)); }

// A CA certificate by `parent` for `key`.
Bytes Issue(const Bytes& parent_der, const Signer& parent, const Signer& key, const std::string& name,
            const Profile& profile) {
  const CaSubject subject{"cluster.local", name};
  const Csr csr = ParseCsr(MakeCsr(key, subject, Soon()).value()).value();
  return IssueCaCertificate({parent_der, parent}, csr, subject, {profile}, kNow, Soon()).value();
}

TEST(Authority, ReadsItsCertificate) {
  const TestHierarchy ca;
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  EXPECT_EQ(authority->name(), "mesh");
  EXPECT_EQ(authority->trust_domain(), "cluster.local");
  EXPECT_EQ(authority->scheme(), SignatureScheme::kEcdsaSha256);
  EXPECT_EQ(authority->subject_der(), CaName("cluster.local", IssuingCaCommonName("mesh", 1)));
  EXPECT_EQ(authority->subject_key_id(), ca.issuing->public_key().key_id());
  EXPECT_EQ(authority->not_before(), kNow - std::chrono::minutes(2));
  EXPECT_EQ(authority->not_after(), kNow + hours(24 * 365));
  EXPECT_EQ(authority->chain_not_after(), authority->not_after());
  EXPECT_EQ(authority->root_not_after(), kNow + hours(24 * 3650));
  EXPECT_EQ(authority->chain_elements(), std::vector<std::string>{CertificatePem(ca.issuing_der)});
  EXPECT_EQ(authority->certificate_fingerprint(), ToHex(Digest(Hash::kSha256, ca.issuing_der).value()));
  EXPECT_EQ(authority->View().not_after, authority->not_after());
}

TEST(Authority, ChecksWhatItsKeySigned) {
  const TestHierarchy ca;
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(SchemeHash(authority->scheme()), AsBytes("message")));
  ASSERT_OK_AND_ASSIGN(const Bytes signature, authority->signer().Sign(authority->scheme(), digest, Soon()));
  EXPECT_THAT(authority->checker().Check(digest, signature), IsOk());
  Bytes other = digest;
  other[0] ^= 1;
  EXPECT_THAT(authority->checker().Check(other, signature), HasReason("bad_signature"));
}

TEST(Authority, Case47And48ChainAndBundleKeepTheirShape) {
  const TestHierarchy ca;
  const TestHierarchy other;
  Authority::Parts parts = ca.Parts();
  parts.chain_pem = "subject=x\n" + parts.chain_pem + "\n\n" + CertificatePem(other.issuing_der);
  parts.trust_bundle_pem += "# a second root\n" + CertificatePem(other.root_der);
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(parts, kNow));
  EXPECT_EQ(authority->chain_elements(),
            (std::vector<std::string>{CertificatePem(ca.issuing_der), CertificatePem(other.issuing_der)}));
  EXPECT_EQ(authority->trust_bundle_pem(), parts.trust_bundle_pem);
}

TEST(Authority, IntermediatesAreFollowed) {
  const TestHierarchy ca;
  const testing::SoftwareSigner middle("P-256");
  const auto lower = std::make_shared<testing::SoftwareSigner>("P-256");
  const Bytes middle_der = Issue(ca.root_der, *ca.root, middle, "middle", IssuingCaProfile(IssuingCaLifetime(), 1));
  const Bytes lower_der = Issue(middle_der, middle, *lower, "lower", IssuingCaProfile(IssuingCaLifetime(), 0));
  Authority::Parts parts = ca.Parts();
  parts.signer = lower;
  parts.chain_pem = CertificatePem(lower_der);
  EXPECT_THAT(Authority::Make(parts, kNow), HasReason("chain"));  // the middle is missing
  parts.chain_pem += CertificatePem(middle_der);
  EXPECT_THAT(Authority::Make(parts, kNow), IsOk());
}

TEST(Authority, Case54KeyOfAnotherCertificate) {
  const TestHierarchy ca;
  Authority::Parts parts = ca.Parts();
  parts.signer = ca.root;
  EXPECT_THAT(Authority::Make(parts, kNow), HasReason("authority_key"));
  EXPECT_THAT(Authority::Make(parts, kNow), HasCode(Code::kFailedPrecondition));
}

TEST(Authority, Case54ChainOfAnotherRoot) {
  const TestHierarchy ca;
  const TestHierarchy other;
  Authority::Parts parts = ca.Parts();
  parts.trust_bundle_pem = CertificatePem(other.root_der);
  EXPECT_THAT(Authority::Make(parts, kNow), HasReason("chain"));
}

TEST(Authority, Case54CertificateThatIsNoCa) {
  const TestHierarchy ca;
  const auto leaf = std::make_shared<testing::SoftwareSigner>("P-256");
  Decision decision = testing::LeafDecision();
  decision.spki = leaf->public_key().spki();
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  ASSERT_OK_AND_ASSIGN(const Bytes tbs, BuildTbs(decision, authority->View(), NewSerial().value()));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(Hash::kSha256, tbs));
  ASSERT_OK_AND_ASSIGN(const Bytes signature, ca.issuing->Sign(authority->scheme(), digest, Soon()));
  Authority::Parts parts = ca.Parts();
  parts.signer = leaf;
  parts.chain_pem = CertificatePem(AssembleCertificate(tbs, authority->scheme(), signature)) + parts.chain_pem;
  EXPECT_THAT(Authority::Make(parts, kNow), HasReason("authority_ca"));
}

TEST(Authority, MissingOrForeignPem) {
  const TestHierarchy ca;
  for (const char* bad :
       {"", "no PEM here", "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAQID\n", "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n"}) {
    Authority::Parts parts = ca.Parts();
    parts.trust_bundle_pem = bad;
    EXPECT_THAT(Authority::Make(parts, kNow), HasReason("certificates")) << bad;
    parts = ca.Parts();
    parts.chain_pem += bad;
    if (std::string_view(bad).find("BEGIN") != std::string_view::npos) {
      EXPECT_THAT(Authority::Make(parts, kNow), HasReason("certificates")) << bad;
    }
  }
}

TEST(Authority, ExpiredIssuerLoadsAndAFutureOneDoesNot) {
  const TestHierarchy ca;
  EXPECT_THAT(Authority::Make(ca.Parts(), kNow + hours(24 * 366)), IsOk());
  const WallTime before = kNow - hours(1);
  EXPECT_THAT(Authority::Make(ca.Parts(), before), HasReason("chain"));  // not yet valid
}

TEST(Authority, NoRoomBelowThePathLength) {
  const TestHierarchy ca;
  const testing::SoftwareSigner middle("P-256");
  const auto lower = std::make_shared<testing::SoftwareSigner>("P-256");
  const Bytes middle_der = Issue(ca.root_der, *ca.root, middle, "middle", IssuingCaProfile(IssuingCaLifetime(), 0));
  // The middle may issue no CA. A certificate of one under it verifies by itself; what that one issues would not.
  const CaSubject subject{"cluster.local", "lower"};
  const Csr csr = ParseCsr(MakeCsr(*lower, subject, Soon()).value()).value();
  EXPECT_THAT(
      IssueCaCertificate({middle_der, middle}, csr, subject, {IssuingCaProfile(IssuingCaLifetime(), 0)}, kNow, Soon()),
      HasReason("ca_path_length"));
  Decision decision = testing::CaDecision();
  decision.spki = lower->public_key().spki();
  const Bytes name = CaName("cluster.local", "middle");
  const Bytes key_id = middle.public_key().key_id();
  const IssuerView view{SignatureScheme::kEcdsaSha256, name, key_id, decision.not_after};
  ASSERT_OK_AND_ASSIGN(const Bytes tbs, BuildTbs(decision, view, NewSerial().value()));
  ASSERT_OK_AND_ASSIGN(const Bytes digest, Digest(Hash::kSha256, tbs));
  ASSERT_OK_AND_ASSIGN(const Bytes signature, middle.Sign(view.scheme, digest, Soon()));
  Authority::Parts parts = ca.Parts();
  parts.signer = lower;
  parts.chain_pem = CertificatePem(AssembleCertificate(tbs, view.scheme, signature)) + CertificatePem(middle_der);
  const auto refused = Authority::Make(parts, kNow);
  EXPECT_THAT(refused, HasReason("chain"));
  EXPECT_THAT(refused, Says("no room"));
}

// Of the path lengths from the issuing certificate to the root, the one that leaves least.
TEST(Authority, SaysHowManyCasMayBeBelowIt) {
  const TestHierarchy ca;
  const auto room = [](const Authority::Parts& parts) { return Authority::Make(parts, kNow).value()->room_below(); };
  EXPECT_EQ(room(ca.Parts()), 0U);
  Authority::Parts root = ca.Parts();
  root.signer = ca.root;
  root.chain_pem = CertificatePem(ca.root_der);
  EXPECT_EQ(room(root), std::nullopt) << "the root has no path length";

  const testing::SoftwareSigner middle("P-256");
  const auto lower = std::make_shared<testing::SoftwareSigner>("P-256");
  const Bytes middle_der = Issue(ca.root_der, *ca.root, middle, "middle", IssuingCaProfile(IssuingCaLifetime(), 3));
  for (const unsigned own : {0U, 1U, 2U}) {
    const Bytes lower_der = Issue(middle_der, middle, *lower, "lower", IssuingCaProfile(IssuingCaLifetime(), own));
    Authority::Parts parts = ca.Parts();
    parts.signer = lower;
    parts.chain_pem = CertificatePem(lower_der) + CertificatePem(middle_der);
    EXPECT_EQ(room(parts), own);
  }
  const Bytes wide = Issue(ca.root_der, *ca.root, middle, "middle", IssuingCaProfile(IssuingCaLifetime(), 1));
  const Bytes lower_der = Issue(middle_der, middle, *lower, "lower", IssuingCaProfile(IssuingCaLifetime(), 2));
  Authority::Parts parts = ca.Parts();
  parts.signer = lower;
  parts.chain_pem = CertificatePem(lower_der) + CertificatePem(wide);
  EXPECT_EQ(room(parts), 0U) << "the one above allows one CA in all, and that is it";
}

TEST(Authority, TimesPastTheClockAreItsEnd) {
  const ossl::Cert certificate(X509_new());
  ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "99991231235959Z");
  EXPECT_GT(NotAfterOf(certificate.get()), FromUnixSeconds(9000000000));
  ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "00010101000000Z");
  EXPECT_LT(NotBeforeOf(certificate.get()), FromUnixSeconds(-9000000000));
}

}  // namespace
}  // namespace rootkeep
