#include "signer/authn/client_certificate.h"

#include <string>
#include <vector>

#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"

namespace rootkeep {
namespace {

using testing::CertificateShape;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::MakeIdentity;

const std::vector<std::string> kTrustDomains{"cluster.local", "example.com"};
constexpr const char* kUri = "URI:spiffe://cluster.local/ns/default/sa/httpbin";

Result<ClientCertificate> Read(const CertificateShape& shape) {
  return ReadClientCertificate(MakeIdentity(shape).Der(), kTrustDomains);
}
Result<SpiffeId> Judge(std::vector<std::string_view> uris) { return TheWorkloadIdentity(uris, kTrustDomains); }

TEST(ClientCertificate, GivesEveryNameInOrder) {
  ASSERT_OK_AND_ASSIGN(const ClientCertificate facts,
                       Read({.san = "DNS:a.test,URI:spiffe://example.com/ns/x/sa/y,IP:10.0.0.1,IP:fd00::1"}));
  const std::vector<GeneralName> want{
      {GeneralName::Kind::kDns, "a.test"},
      {GeneralName::Kind::kUri, "spiffe://example.com/ns/x/sa/y"},
      {GeneralName::Kind::kIp, std::string("\x0a\x00\x00\x01", 4)},
      {GeneralName::Kind::kIp, std::string("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16)}};
  EXPECT_EQ(facts.identities, want);
  EXPECT_EQ(facts.spiffe_id, (SpiffeId{"example.com", "x", "y"}));
  EXPECT_EQ(ToUnixSeconds(facts.not_after), 4'000'000'000);
  EXPECT_EQ(facts.serial_hex.size(), 32U);
}

TEST(ClientCertificate, Case6WithoutUriItIsRefused) {
  EXPECT_THAT(Read({}), HasReason("certificate_no_uri"));
  EXPECT_THAT(Read({.san = "DNS:a.test"}), HasReason("certificate_no_uri"));
  EXPECT_THAT(Judge({}), HasReason("certificate_no_uri"));
}

TEST(ClientCertificate, Case8TwoUrisOrAForeignTrustDomainAreRefused) {
  const std::string other = ",URI:spiffe://cluster.local/ns/default/sa/other";
  EXPECT_THAT(Read({.san = kUri + other}), HasReason("certificate_uris"));
  EXPECT_THAT(Judge({"spiffe://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/a/sa/b"}),
              HasReason("certificate_uris"));
  const auto foreign = Read({.san = "URI:spiffe://evil.test/ns/default/sa/httpbin"});
  EXPECT_THAT(foreign, HasReason("certificate_trust_domain"));
  EXPECT_THAT(foreign, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(Judge({"spiffe://evil.test/ns/default/sa/httpbin"}), HasReason("certificate_trust_domain"));
  EXPECT_EQ(*Judge({"spiffe://example.com/ns/a/sa/b"}), (SpiffeId{"example.com", "a", "b"}));
}

TEST(ClientCertificate, WantsAnIdentityOfIstiosForm) {
  for (const char* uri : {"spiffe://cluster.local/node/a", "https://cluster.local/ns/a/sa/b", "spiffe://cluster.local",
                          "spiffe://cluster.local/ns/a/sa/b/c", "spiffe://Cluster.local/ns/a/sa/b",
                          "spiffe://cluster.local/ns/../sa/b"}) {
    EXPECT_THAT(Read({.san = std::string("URI:") + uri}), HasReason("certificate_identity")) << uri;
    EXPECT_THAT(Judge({uri}), HasReason("certificate_identity")) << uri;
  }
}

TEST(ClientCertificate, RefusesServersAndAuthorities) {
  for (const CertificateShape& shape :
       {CertificateShape{.san = kUri, .extended_key_usage = "serverAuth"},
        CertificateShape{.san = kUri, .extended_key_usage = ""},
        CertificateShape{.san = kUri, .extended_key_usage = "anyExtendedKeyUsage"},
        CertificateShape{.san = kUri, .key_usage = "critical,keyEncipherment"},
        CertificateShape{.san = kUri, .basic_constraints = "critical,CA:TRUE"},
        CertificateShape{
            .san = kUri, .basic_constraints = "CA:TRUE,pathlen:0", .key_usage = "keyCertSign,digitalSignature"}}) {
    EXPECT_THAT(Read(shape), HasReason("certificate_purpose"));
  }
}

TEST(ClientCertificate, RefusesNamesOfOtherKinds) {
  for (const char* name : {"email:a@b.test", "RID:1.2.3.4", "otherName:1.2.3.4;UTF8:x"}) {
    EXPECT_THAT(Read({.san = std::string(kUri) + "," + name}), HasReason("certificate_san")) << name;
  }
  EXPECT_THAT(Read({.san = std::string(kUri) + ",DNS:a b"}), HasReason("certificate_san"));
}

TEST(ClientCertificate, RefusesTooManyNames) {
  std::string san = kUri;
  for (int i = 0; i < 256; ++i) san += ",DNS:a";
  EXPECT_THAT(Read({.san = san}), HasReason("certificate_san"));
}

TEST(ClientCertificate, RefusesWhatIsNoCertificate) {
  const Bytes good = MakeIdentity({.san = kUri}).Der();
  Bytes longer = good;
  longer.push_back(0);
  const Bytes shorter(good.begin(), good.end() - 1);
  for (const Bytes& der : {Bytes{}, Bytes{0x30}, Bytes(100, 0x30), longer, shorter, Bytes(70'000, 0)}) {
    EXPECT_THAT(ReadClientCertificate(der, kTrustDomains), HasReason("certificate_malformed"));
  }
}

TEST(ClientCertificate, RefusesASecondListOfNames) {
  testing::Identity twice = MakeIdentity({.san = kUri});
  const int at = X509_get_ext_by_NID(twice.cert.get(), NID_subject_alt_name, -1);
  ASSERT_EQ(X509_add_ext(twice.cert.get(), X509_get_ext(twice.cert.get(), at), -1), 1);
  X509_sign(twice.cert.get(), twice.key.get(), EVP_sha256());
  const auto read = ReadClientCertificate(twice.Der(), kTrustDomains);
  EXPECT_THAT(read, HasCode(Code::kUnauthenticated));
}

TEST(ClientCertificate, ServesNobodyWithoutTrustDomains) {
  EXPECT_THAT(ReadClientCertificate(MakeIdentity({.san = kUri}).Der(), {}), HasReason("certificate_trust_domain"));
}

}  // namespace
}  // namespace rootkeep
