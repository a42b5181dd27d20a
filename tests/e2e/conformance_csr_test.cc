// istio-protocol.md §8, cases 28 to 39: the request, and what becomes of it in the certificate.
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <set>
#include <thread>

#include "signer/authority/certificates.h"
#include "signer/der/oid.h"
#include "signer/der/pem.h"
#include "signer/der/reader.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/csr_builder.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::AuthenticationRefused;
using testing::CsrBuilder;
using ::testing::ElementsAre;
using testing::Identity;
using testing::InvalidRequest;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::MakeKey;
using testing::NamesOf;
using testing::WasIssued;
using testing::WasIssuedTo;

const Bytes kOrganisation{0x55, 0x04, 0x0a};  // contents of the OID 2.5.4.10
constexpr char kNotPem[] = "certificate signing request is not properly encoded";
constexpr char kNotParsed[] = "failed to parse X.509 certificate signing request";
constexpr char kBadSignature[] = "the request's own signature does not verify";
constexpr char kBadKey[] = "the subject key is too weak or of an unsupported kind";

Bytes CommonNameOid() { return ToBytes(der::oid::kCommonName); }

// Empty when there is none.
std::string CommonNameOf(const X509* certificate) {
  char text[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof(text));
  return text;
}

// The extensions by name, those that are critical with a "!".
std::vector<std::string> ExtensionsOf(const X509* certificate) {
  std::vector<std::string> out;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const char* name = OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(extension)));
    out.push_back(std::string(name) + (X509_EXTENSION_get_critical(extension) == 1 ? "!" : ""));
  }
  std::ranges::sort(out);
  return out;
}

class ConformanceCsr : public testing::SharedDaemon {
 protected:
  static IstioAnswer AskFor(const std::string& csr) { return Ask({.csr = csr}); }
};

TEST_F(ConformanceCsr, Case28_ADumbCsrIsSeenOnlyAfterAuthentication) {
  EXPECT_THAT(AskFor("dumb CSR"), InvalidRequest(kNotPem));
  EXPECT_THAT(AskAs({.csr = "dumb CSR"}), AuthenticationRefused());
}

TEST_F(ConformanceCsr, Case29_GarbageInsidePemAndAChangedSignature) {
  EXPECT_THAT(AskFor(der::ToPem(Bytes{1, 2, 3, 4}, "CERTIFICATE REQUEST")), InvalidRequest(kNotParsed));
  const ossl::PKey key = MakeKey("P-256");
  Bytes der = CsrBuilder(key.get()).Der();
  der.back() ^= 1;
  EXPECT_THAT(AskFor(der::ToPem(der, "CERTIFICATE REQUEST")), InvalidRequest(kBadSignature));
  const ossl::PKey other = MakeKey("P-256");
  CsrBuilder of_another(key.get());
  of_another.spki = testing::SpkiOf(other.get());
  EXPECT_THAT(AskFor(of_another.Pem()), InvalidRequest(kBadSignature)) << "another's key without possession of it";
}

TEST_F(ConformanceCsr, Case30_SubjectKeys) {
  for (const std::string kind : {"P-256", "P-384", "ED25519", "RSA:2048", "RSA:3072"}) {
    const ossl::PKey key = MakeKey(kind);
    const IstioAnswer answer = AskFor(CsrBuilder(key.get()).Pem());
    ASSERT_THAT(answer, WasIssuedTo(kSelf)) << kind;
    EXPECT_EQ(EVP_PKEY_eq(X509_get0_pubkey(answer.Certificate().get()), key.get()), 1) << kind;
  }
}

// Where istiod differs: it signs a weak key.
TEST_F(ConformanceCsr, Case30_WeakKeysAreRefused) {
  for (const std::string kind : {"RSA:1024", "P-521"}) {
    const ossl::PKey key = MakeKey(kind);
    EXPECT_THAT(AskFor(CsrBuilder(key.get()).Pem()), InvalidRequest(kBadKey)) << kind;
  }
}

TEST_F(ConformanceCsr, Case31_ForeignNamesAreOverwritten) {
  const ossl::PKey key = MakeKey("P-256");
  EXPECT_THAT(AskFor(testing::MakeCsrPem(key.get(), "spiffe://different.com/test")), WasIssuedTo(kSelf));
}

TEST_F(ConformanceCsr, Case31_ForeignNamesAreRefusedInStrictMode) {
  Reload([](config::Config& config) { config.csr_san = CsrSan::kStrict; });
  const ossl::PKey key = MakeKey("P-256");
  EXPECT_THAT(AskFor(testing::MakeCsrPem(key.get(), "spiffe://different.com/test")),
              InvalidRequest("unable to validate SAN Identities in CSR"));
  EXPECT_THAT(AskFor(testing::MakeCsrPem(key.get(), kSelf)), WasIssuedTo(kSelf));
  EXPECT_THAT(AskFor(testing::MakeCsrPem()), WasIssuedTo(kSelf));
}

TEST_F(ConformanceCsr, Case32_ARequestWithoutNames) { EXPECT_THAT(AskFor(testing::MakeCsrPem()), WasIssuedTo(kSelf)); }

TEST_F(ConformanceCsr, Case33_EmptyOrganisationAndEmptySubject) {
  const ossl::PKey rsa = MakeKey("RSA:2048");
  CsrBuilder agent(rsa.get());
  agent.subject = testing::NameOf({{kOrganisation, der::kPrintableString, ""}});
  agent.extensions = {testing::UriExtension(kSelf)};
  const ossl::PKey p256 = MakeKey("P-256");
  for (const std::string& csr : {agent.Pem(), testing::MakeCsrPem(p256.get(), kSelf)}) {
    const IstioAnswer answer = AskFor(csr);
    ASSERT_THAT(answer, WasIssuedTo(kSelf));
    EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(answer.Certificate().get())), 0);
  }
}

TEST_F(ConformanceCsr, Case34_ACommonNameBecomesTheIdentityIfItFits) {
  const ossl::PKey key = MakeKey("P-256");
  CsrBuilder builder(key.get());
  builder.subject = testing::NameOf({{CommonNameOid(), der::kUtf8String, "whatever"}});
  const IstioAnswer answer = AskFor(builder.Pem());
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  EXPECT_EQ(CommonNameOf(answer.Certificate().get()), kSelf);
  EXPECT_THAT(ExtensionsOf(answer.Certificate().get()), ::testing::Contains("subjectAltName!"));

  const std::string account(40, 'a');
  const IstioAnswer long_one =
      AskAs(IstioCall{.csr = builder.Pem()}.Bearer(fixture().Token({.service_account = account})));
  ASSERT_THAT(long_one, WasIssuedTo("spiffe://cluster.local/ns/default/sa/" + account));
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(long_one.Certificate().get())), 0);
}

TEST_F(ConformanceCsr, Case35_SeveralIdentitiesKeepTheirOrder) {
  const Identity workload = Workload("DNS:httpbin.default.svc,URI:" + std::string(kSelf) + ",IP:10.0.0.1");
  const IstioAnswer answer = AskAs({.certificate = &workload});
  ASSERT_THAT(answer, WasIssued());
  EXPECT_THAT(NamesOf(answer.Certificate().get()),
              ElementsAre("DNS:httpbin.default.svc", "URI:" + std::string(kSelf), "IP:0a000001"));
}

// A request that asks for what only a CA has: every wish is ignored.
TEST_F(ConformanceCsr, Case36_ExtensionsAreNotCopied) {
  const ossl::PKey key = MakeKey("P-256");
  CsrBuilder builder(key.get());
  const Bytes basic_constraints{0x55, 0x1d, 0x13};
  const Bytes key_usage{0x55, 0x1d, 0x0f};
  const Bytes unknown{0x2a, 0x03, 0x04};
  builder.extensions = {testing::Extension(basic_constraints, true, Bytes{0x30, 0x03, 0x01, 0x01, 0xff}),
                        testing::Extension(key_usage, true, Bytes{0x03, 0x02, 0x01, 0x06}),
                        testing::Extension(unknown, true, Bytes{0x05, 0x00}), testing::UriExtension(kSelf)};
  const IstioAnswer answer = AskFor(builder.Pem());
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  const ossl::Cert leaf = answer.Certificate();
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_get_key_usage(leaf.get()), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT));
  EXPECT_EQ(ExtensionsOf(leaf.get()).size(), 5U) << "none but the template's, Case37";
}

TEST_F(ConformanceCsr, Case37_TheLeafsTemplate) {
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  const ossl::Cert leaf = answer.Certificate();
  EXPECT_EQ(X509_get_version(leaf.get()), X509_VERSION_3);
  EXPECT_THAT(ExtensionsOf(leaf.get()), ElementsAre("authorityKeyIdentifier", "basicConstraints!", "extendedKeyUsage",
                                                    "keyUsage!", "subjectAltName!"));
  EXPECT_EQ(X509_get_key_usage(leaf.get()), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT));
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()), static_cast<std::uint32_t>(XKU_SSL_SERVER | XKU_SSL_CLIENT));
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(leaf.get())), 0);
  const ossl::Cert issuer = answer.Certificate(1);
  EXPECT_EQ(X509_NAME_cmp(X509_get_issuer_name(leaf.get()), X509_get_subject_name(issuer.get())), 0);
  auto roots = ParseCertificates(answer.chain.back());
  ASSERT_THAT(roots, testing::IsOk());
  const WallTime now = SystemClock().Now();
  EXPECT_EQ(X509_verify(leaf.get(), X509_get0_pubkey(issuer.get())), 1);
  EXPECT_THAT(CheckChain(issuer.get(), {}, *roots, now), testing::IsOk());
}

TEST_F(ConformanceCsr, Case38_AnIssuingCertificatesUsage) {
  const ossl::Cert issuer = Ask().Certificate(1);
  EXPECT_EQ(X509_check_ca(issuer.get()), 1);
  EXPECT_EQ(X509_get_key_usage(issuer.get()), static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  EXPECT_THAT(ExtensionsOf(issuer.get()), ::testing::IsSupersetOf({"basicConstraints!", "keyUsage!"}));
}

TEST_F(ConformanceCsr, Case39_SerialsArePositiveShortAndUnique) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::vector<std::string>> serials(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : serials) {
      threads.emplace_back([&mine] {
        const auto client = fixture().Client(fixture().Token());
        for (int i = 0; i < kEach; ++i) {
          const auto answer = client->CreateCertificate(testing::MakeCsrPem(), 0, "");
          if (!answer.ok()) continue;
          const auto leaf = ParseCertificates(answer->cert_chain.front());
          const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf->front().get());
          EXPECT_EQ(ASN1_STRING_type(serial), V_ASN1_INTEGER) << "negative";
          // Contents octets of the DER: a leading zero when the first bit is set.
          EXPECT_LE(i2d_ASN1_INTEGER(const_cast<ASN1_INTEGER*>(serial), nullptr) - 2, 20);
          const ossl::BigNum number(ASN1_INTEGER_to_BN(serial, nullptr));
          EXPECT_GT(BN_num_bits(number.get()), 64);
          const std::unique_ptr<char, void (*)(char*)> text(BN_bn2hex(number.get()),
                                                            [](char* hex) { OPENSSL_free(hex); });
          mine.emplace_back(text.get());
        }
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : serials) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kEach));
}

}  // namespace
}  // namespace rootkeep
