// Requests that real clients make are accepted, and read as OpenSSL reads them.
#include <filesystem>
#include <map>

#include "keystore/base/file.h"
#include "signer/csr/csr.h"
#include "signer/der/oid.h"
#include "signer/der/reader.h"
#include "tests/support/csr_builder.h"
#include "tests/support/csr_oracle.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::CsrBuilder;
using testing::IsOk;

constexpr const char* kIdentity = "spiffe://cluster.local/ns/default/sa/httpbin";

std::string Vector(const std::string& name) {
  return ReadFile(std::string(RK_TEST_VECTORS) + "/csr/" + name + ".pem", kMaxCsrPem).value();
}

TEST(CsrAccept, EveryVectorAndAsOpenSslReadsIt) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RK_TEST_VECTORS) + "/csr")) {
    if (entry.path().extension() != ".pem") continue;
    SCOPED_TRACE(entry.path().filename());
    ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(Vector(entry.path().stem())));
    EXPECT_THAT(VerifyProofOfPossession(csr), IsOk());
    EXPECT_EQ(testing::DisagreementWithOpenSsl(csr, true), "");
    ++count;
  }
  EXPECT_GE(count, 24);
}

TEST(CsrAccept, KeysAndSizes) {
  const std::map<std::string, std::pair<SubjectKeyKind, unsigned>> want{
      {"openssl-p256", {SubjectKeyKind::kEcP256, 256}},     {"openssl-p384", {SubjectKeyKind::kEcP384, 384}},
      {"openssl-ed25519", {SubjectKeyKind::kEd25519, 256}}, {"openssl-rsa2048", {SubjectKeyKind::kRsa, 2048}},
      {"openssl-rsa2560", {SubjectKeyKind::kRsa, 2560}},    {"openssl-rsa8192", {SubjectKeyKind::kRsa, 8192}},
  };
  for (const auto& [name, key] : want) {
    ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(Vector(name)));
    EXPECT_EQ(csr.key_kind, key.first) << name;
    EXPECT_EQ(csr.key_bits, key.second) << name;
  }
}

TEST(CsrAccept, Case33AgentAndZtunnelShapes) {
  for (const char* name : {"go-agent-rsa2048", "go-agent-p256", "go-agent-p384", "go-ztunnel-p256"}) {
    ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(Vector(name)));
    EXPECT_EQ(csr.common_name, "");
    EXPECT_EQ(csr.sans, (std::vector<GeneralName>{{GeneralName::Kind::kUri, kIdentity}})) << name;
    EXPECT_FALSE(csr.other_names);
    EXPECT_FALSE(csr.other_extensions);
  }
}

TEST(CsrAccept, NamesInOrderAndOthersNoted) {
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(Vector("openssl-many-names")));
  EXPECT_EQ(Describe(csr.sans), "a.example, 10.0.0.1, " + std::string(kIdentity) + ", 2001:db8::1");
  EXPECT_EQ(csr.common_name, "x");
  EXPECT_TRUE(csr.other_names);
  EXPECT_FALSE(csr.other_extensions);
}

TEST(CsrAccept, Case36OtherExtensionsAreNoted) {
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr(Vector("openssl-more-extensions")));
  EXPECT_TRUE(csr.other_extensions);
  EXPECT_EQ(csr.sans.size(), 1U);
}

TEST(CsrAccept, AnyLabelAndOnlyTheFirstBlock) {
  std::string pem = Vector("openssl-p256");
  ASSERT_OK_AND_ASSIGN(const Csr want, ParseCsr(pem));
  for (std::size_t at = 0; (at = pem.find("CERTIFICATE REQUEST", at)) != std::string::npos;) pem.replace(at, 19, "DOG");
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsr("\r\n " + pem + "garbage after it"));
  EXPECT_EQ(csr.der, want.der);
}

TEST(CsrAccept, LastCommonNameWins) {
  const ossl::PKey key = testing::MakeKey("P-256");
  CsrBuilder builder(key.get());
  const Bytes cn(der::oid::kCommonName.begin(), der::oid::kCommonName.end());
  builder.subject = testing::NameOf({{cn, der::kUtf8String, "first"}, {cn, der::kPrintableString, "last"}});
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder.Der()));
  EXPECT_EQ(csr.common_name, "last");
  EXPECT_EQ(testing::DisagreementWithOpenSsl(csr, true), "");
}

TEST(CsrAccept, MissingAttributesAsOpenSslDoes) {
  const ossl::PKey key = testing::MakeKey("ED25519");
  CsrBuilder builder(key.get());
  builder.omit_attributes = true;
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder.Der()));
  EXPECT_THAT(VerifyProofOfPossession(csr), IsOk());
  EXPECT_EQ(testing::DisagreementWithOpenSsl(csr, true), "");
}

TEST(CsrAccept, InfoIsTheSignedPart) {
  ASSERT_OK_AND_ASSIGN(Csr csr, ParseCsr(Vector("openssl-p256")));
  const Csr moved = std::move(csr);
  EXPECT_EQ(moved.info().front(), 0x30);
  EXPECT_THAT(VerifyProofOfPossession(moved), IsOk());
}

}  // namespace
}  // namespace rootkeep
