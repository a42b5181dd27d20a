// What the builder writes, read back by OpenSSL.
#include "signer/certificate/certificate.h"

#include <openssl/x509v3.h>

#include <chrono>
#include <set>
#include <thread>

#include "keystore/base/openssl.h"
#include "keystore/public_key.h"
#include "signer/certificate/name.h"
#include "tests/support/decisions.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::CaDecision;
using testing::HasCode;
using testing::IsOk;
using testing::LeafDecision;
using testing::Says;
using testing::TestIssuer;

ossl::Cert Built(const Decision& decision, const TestIssuer& issuer = {}) {
  const Bytes tbs = BuildTbs(decision, issuer.View(), NewSerial().value()).value();
  const Bytes der = AssembleCertificate(tbs, issuer.scheme, Bytes(64, 0x11));
  const unsigned char* cursor = der.data();
  ossl::Cert cert(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  EXPECT_EQ(cursor, der.data() + der.size());
  return cert;
}

struct Ext {
  std::string name;
  bool critical;
  std::string text;
  friend bool operator==(const Ext&, const Ext&) = default;
};

void PrintTo(const Ext& ext, std::ostream* os) { *os << ext.name << (ext.critical ? "!" : "") << " " << ext.text; }

std::vector<Ext> ExtensionsOf(const ossl::Cert& cert) {
  std::vector<Ext> out;
  for (int i = 0; i < X509_get_ext_count(cert.get()); ++i) {
    X509_EXTENSION* extension = X509_get_ext(cert.get(), i);
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    X509V3_EXT_print(bio.get(), extension, 0, 0);
    char* text = nullptr;
    const auto length = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
    out.push_back({OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(extension))),
                   X509_EXTENSION_get_critical(extension) == 1, std::string(text, length)});
  }
  return out;
}

std::string Subject(const ossl::Cert& cert) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(cert.get()), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
  return {text, length};
}

std::string Repeated(std::string_view octet, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += (i == 0 ? "" : ":") + std::string(octet);
  return out;
}

TEST(Certificate, Case37LeafTemplate) {
  const ossl::Cert cert = Built(LeafDecision());
  ASSERT_NE(cert, nullptr);
  EXPECT_EQ(X509_get_version(cert.get()), X509_VERSION_3);
  EXPECT_EQ(Subject(cert), "");
  EXPECT_EQ(X509_get_signature_nid(cert.get()), NID_ecdsa_with_SHA256);
  const std::vector<Ext> want{
      {"keyUsage", true, "Digital Signature, Key Encipherment"},
      {"extendedKeyUsage", false, "TLS Web Server Authentication, TLS Web Client Authentication"},
      {"basicConstraints", true, "CA:FALSE"},
      {"authorityKeyIdentifier", false, Repeated("5A", 20)},
      {"subjectAltName", true, "URI:" + std::string(testing::kTestIdentity)}};
  EXPECT_EQ(ExtensionsOf(cert), want);
}

TEST(Certificate, AuthorityTemplate) {
  const ossl::Cert cert = Built(CaDecision());
  ASSERT_NE(cert, nullptr);
  EXPECT_EQ(Subject(cert), "CN=Rootkeep issuing CA mesh 1,O=cluster.local");
  const std::vector<Ext> got = ExtensionsOf(cert);
  ASSERT_EQ(got.size(), 5U);
  EXPECT_EQ(got[0], (Ext{"keyUsage", true, "Certificate Sign, CRL Sign"}));
  EXPECT_EQ(got[1], (Ext{"basicConstraints", true, "CA:TRUE, pathlen:0"}));
  EXPECT_EQ(got[2].name, "subjectKeyIdentifier");
  EXPECT_EQ(got[3], (Ext{"authorityKeyIdentifier", false, Repeated("5A", 20)}));
  EXPECT_EQ(got[4], (Ext{"subjectAltName", false, "URI:spiffe://cluster.local"}));
}

TEST(Certificate, NoAuthorityKeyIdWithoutTheIssuers) {
  TestIssuer issuer;
  issuer.key_id.clear();
  for (const Ext& ext : ExtensionsOf(Built(LeafDecision(), issuer))) EXPECT_NE(ext.name, "authorityKeyIdentifier");
}

TEST(Certificate, ServerProfileServesOnly) {
  Decision decision = LeafDecision();
  decision.profile = ServerProfile({});
  decision.sans = {GeneralNameFromText("istiod.istio-system.svc"), GeneralNameFromText("127.0.0.1")};
  const std::vector<Ext> got = ExtensionsOf(Built(decision));
  EXPECT_EQ(got[1], (Ext{"extendedKeyUsage", false, "TLS Web Server Authentication"}));
  EXPECT_EQ(got[4], (Ext{"subjectAltName", true, "DNS:istiod.istio-system.svc, IP Address:127.0.0.1"}));
}

TEST(Certificate, Case35NamesInOrder) {
  Decision decision = LeafDecision();
  decision.sans.push_back(GeneralNameFromText("httpbin.default"));
  decision.sans.push_back(GeneralNameFromText("10.0.0.1"));
  decision.sans.push_back(GeneralNameFromText("::1"));
  EXPECT_EQ(ExtensionsOf(Built(decision))[4].text, "URI:" + std::string(testing::kTestIdentity) +
                                                       ", DNS:httpbin.default, IP Address:10.0.0.1, IP "
                                                       "Address:0:0:0:0:0:0:0:1");
}

TEST(Certificate, Case34CommonNameKeepsTheNamesCritical) {
  Decision decision = LeafDecision();
  decision.common_name =
      "gr\xc3\xb6\xc3\x9f"
      "e";
  const ossl::Cert cert = Built(decision);
  EXPECT_EQ(Subject(cert),
            "CN=gr\xc3\xb6\xc3\x9f"
            "e");
  EXPECT_TRUE(ExtensionsOf(cert)[4].critical);
}

TEST(Certificate, SaysTheTimesKeyAndIssuer) {
  const Decision decision = LeafDecision();
  const TestIssuer issuer;
  const ossl::Cert cert = Built(decision);
  const auto at = [](WallTime time) { return static_cast<std::time_t>(ToUnixSeconds(time)); };
  EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert.get()), at(decision.not_before)), 0);
  EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert.get()), at(decision.not_after)), 0);
  EXPECT_EQ(testing::SpkiOf(X509_get0_pubkey(cert.get())), decision.spki);
  const unsigned char* name = nullptr;
  std::size_t size = 0;
  X509_NAME_get0_der(X509_get_issuer_name(cert.get()), &name, &size);
  EXPECT_EQ(ToBytes(ByteView(name, size)), issuer.name);
}

TEST(Certificate, TimesFrom2050AreGeneralized) {
  Decision decision = LeafDecision();
  decision.not_after = FromUnixSeconds(2524608000);
  EXPECT_EQ(X509_get0_notAfter(Built(decision).get())->type, V_ASN1_GENERALIZEDTIME);
  decision.not_after -= std::chrono::seconds(1);
  EXPECT_EQ(X509_get0_notAfter(Built(decision).get())->type, V_ASN1_UTCTIME);
}

TEST(Certificate, EverySchemesAlgorithmIsOpenSsls) {
  const std::vector<std::pair<SignatureScheme, int>> schemes{
      {SignatureScheme::kEcdsaSha256, NID_ecdsa_with_SHA256},
      {SignatureScheme::kEcdsaSha384, NID_ecdsa_with_SHA384},
      {SignatureScheme::kRsaPkcs1Sha256, NID_sha256WithRSAEncryption},
      {SignatureScheme::kRsaPkcs1Sha384, NID_sha384WithRSAEncryption},
      {SignatureScheme::kRsaPkcs1Sha512, NID_sha512WithRSAEncryption},
      {SignatureScheme::kRsaPssSha256, NID_rsassaPss},
      {SignatureScheme::kRsaPssSha384, NID_rsassaPss},
      {SignatureScheme::kRsaPssSha512, NID_rsassaPss},
      {SignatureScheme::kEd25519, NID_ED25519},
  };
  for (const auto& [scheme, nid] : schemes) {
    TestIssuer issuer;
    issuer.scheme = scheme;
    const ossl::Cert cert = Built(LeafDecision(), issuer);
    ASSERT_NE(cert, nullptr);
    EXPECT_EQ(X509_get_signature_nid(cert.get()), nid) << SchemeName(scheme);
  }
}

TEST(Certificate, RefusesDecisionsThatCannotBe) {
  const TestIssuer issuer;
  const Bytes serial = NewSerial().value();
  const auto build = [&](const Decision& decision) { return BuildTbs(decision, issuer.View(), serial); };
  EXPECT_THAT(build(LeafDecision()), IsOk());
  Decision decision = LeafDecision();
  decision.sans.clear();
  EXPECT_THAT(build(decision), Says("without names"));
  decision = CaDecision();
  decision.subject_name.clear();
  EXPECT_THAT(build(decision), Says("without a subject"));
  decision = CaDecision();
  decision.spki = {0x30, 0x00};
  EXPECT_THAT(build(decision), Says("SubjectPublicKeyInfo"));
  decision = LeafDecision();
  decision.spki.clear();
  EXPECT_THAT(build(decision), HasCode(Code::kInternal));
  decision = LeafDecision();
  decision.not_before = FromUnixSeconds(-700000000);
  EXPECT_THAT(build(decision), Says("1950"));
}

TEST(Certificate, SubjectKeyIdIsTheStores) {
  const Bytes spki = testing::MakeSpki("RSA:2048");
  EXPECT_EQ(SubjectKeyId(spki).value(), PublicKey::FromSpki(spki).value().key_id());
}

TEST(Certificate, PemIsACertificate) {
  EXPECT_EQ(CertificatePem(FromHex("010203").value()),
            "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n");
}

TEST(Serial, Case39PositiveShortAndDistinct) {
  constexpr int kEach = 20000;
  std::vector<std::vector<Bytes>> made(2);
  const auto make = [&made](std::size_t thread) {
    for (int i = 0; i < kEach; ++i) made[thread].push_back(NewSerial().value());
  };
  std::thread other(make, 1);
  make(0);
  other.join();
  std::set<Bytes> all;
  std::set<Bytes> random_parts;
  for (const auto& serials : made) {
    for (const Bytes& serial : serials) {
      ASSERT_EQ(serial.size(), 20U);
      ASSERT_EQ(serial[0] & 0xc0, 0x40);
      all.insert(serial);
      random_parts.insert(Bytes(serial.begin() + 4, serial.end()));
    }
  }
  EXPECT_EQ(all.size(), 2U * kEach);
  // The time in front is no part of what makes them distinct.
  EXPECT_EQ(random_parts.size(), 2U * kEach);
}

TEST(Serial, NeighboursInTimeAreNeighboursInOrder) {
  const auto time_of = [](const Bytes& serial) {
    return (serial[0] & 0x3fU) << 24 | unsigned{serial[1]} << 16 | unsigned{serial[2]} << 8 | serial[3];
  };
  const auto start = std::chrono::steady_clock::now();
  const std::uint32_t first = time_of(NewSerial().value());
  const std::uint32_t second = time_of(NewSerial().value());
  const auto elapsed = std::chrono::steady_clock::now() - start;
  // 30 bits that wrap, after half a year.
  const std::uint32_t ticks = (second - first) & 0x3fffffffU;
  EXPECT_LE(ticks, 1 + std::chrono::ceil<std::chrono::seconds>(elapsed).count() * 64);
}

TEST(Name, CaNamesDifferByGenerationAndKind) {
  const std::set<Bytes> names{CaName("td", IssuingCaCommonName("mesh", 1)),
                              CaName("td", IssuingCaCommonName("mesh", 2)), CaName("td", RootCommonName("mesh", 1)),
                              CaName("td2", RootCommonName("mesh", 1))};
  EXPECT_EQ(names.size(), 4U);
  EXPECT_LE(IssuingCaCommonName(std::string(32, 'n'), 4294967295U).size(), kMaxNameText);
}

TEST(Name, TrustDomainTooLongForAnOrganisationIsLeftOut) {
  EXPECT_EQ(CaName(std::string(65, 'd'), "x"), LeafName("x"));
  EXPECT_NE(CaName(std::string(64, 'd'), "x"), LeafName("x"));
}

}  // namespace
}  // namespace rootkeep
