// Hostile and malformed requests: each is refused with the reason that csr.h names.
#include "signer/csr/csr.h"
#include "signer/der/oid.h"
#include "signer/der/pem.h"
#include "signer/der/writer.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

namespace oid = der::oid;
using testing::AltName;
using testing::AltNames;
using testing::Attribute;
using testing::CsrBuilder;
using testing::Extension;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Says;

constexpr const char* kIdentity = "spiffe://cluster.local/ns/default/sa/httpbin";

Bytes Numbered(std::size_t number) { return {0x2a, 0x03, static_cast<std::uint8_t>(number)}; }

class CsrRefuse : public ::testing::Test {
 protected:
  CsrRefuse() { builder_.extensions = {testing::UriExtension(kIdentity)}; }

  [[nodiscard]] Result<Csr> Parse() const {
    Result<Csr> csr = ParseCsrDer(builder_.Der());
    if (!csr.ok()) {
      EXPECT_THAT(csr, HasCode(Code::kInvalidArgument));
    }
    return csr;
  }

  ossl::PKey key_ = testing::MakeKey("P-256");
  CsrBuilder builder_{key_.get()};
};

TEST_F(CsrRefuse, Case28NotPem) {
  EXPECT_THAT(ParseCsr("dumb CSR"), HasReason("csr_pem"));
  EXPECT_THAT(ParseCsr(""), HasReason("csr_pem"));
  EXPECT_THAT(ParseCsr(std::string(1024 * 1024, '\xa5')), HasReason("csr_pem"));
  EXPECT_THAT(ParseCsr("x" + builder_.Pem()), HasReason("csr_pem"));
}

TEST_F(CsrRefuse, LongerThanTheLimit) {
  std::string padded = builder_.Pem();
  padded.append(kMaxCsrPem - padded.size(), '\n');
  EXPECT_THAT(ParseCsr(padded), IsOk());
  padded.push_back('\n');
  EXPECT_THAT(ParseCsr(padded), HasReason("csr_pem"));
  EXPECT_THAT(ParseCsrDer(Bytes(kMaxCsrPem + 1, 0x30)), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, Case29GarbageInsideTheBlock) {
  EXPECT_THAT(ParseCsr(der::ToPem(AsBytes("garbage"), "CERTIFICATE REQUEST")), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, TruncatedAnywhereAndFollowedByAnything) {
  const Bytes der = builder_.Der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(ParseCsrDer(ByteView(der).first(size)).ok()) << size;
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_THAT(ParseCsrDer(longer), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, AnotherVersion) {
  builder_.version = 1;
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, MoreExtensionsThanTheLimit) {
  builder_.extensions.clear();
  for (std::size_t i = 0; i < 32; ++i) builder_.extensions.push_back(Extension(Numbered(i), false, {}));
  EXPECT_THAT(Parse(), IsOk());
  builder_.extensions.push_back(Extension(Numbered(100), false, {}));
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
  EXPECT_THAT(Parse(), Says("more than 32 extensions"));
}

TEST_F(CsrRefuse, OneExtensionTwice) {
  builder_.extensions.push_back(builder_.extensions.front());
  EXPECT_THAT(Parse(), Says("requested twice"));
}

TEST_F(CsrRefuse, MoreAttributesThanTheLimit) {
  const Bytes value{0x05, 0x00};
  for (std::size_t i = 0; i < 15; ++i) builder_.other_attributes.push_back(Attribute(Numbered(i), {value}));
  EXPECT_THAT(Parse(), IsOk());
  builder_.other_attributes.push_back(Attribute(Numbered(100), {value}));
  EXPECT_THAT(Parse(), Says("more than 16 request attributes"));
}

TEST_F(CsrRefuse, TwoListsOfExtensions) {
  const Bytes list = AltNames({testing::UriExtension(kIdentity)});
  builder_.extensions.clear();
  builder_.other_attributes = {Attribute(oid::kExtensionRequest, {list, list})};
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
  builder_.other_attributes = {Attribute(oid::kExtensionRequest, {list}), Attribute(oid::kExtensionRequest, {list})};
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
  builder_.other_attributes = {Attribute(oid::kExtensionRequest, {})};
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, MoreNamesThanTheLimit) {
  std::vector<Bytes> names(100, AltName(2, "a.example"));
  builder_.extensions = {Extension(oid::kSubjectAltName, false, AltNames(names))};
  EXPECT_THAT(Parse(), IsOk());
  names.push_back(names.front());
  builder_.extensions = {Extension(oid::kSubjectAltName, false, AltNames(names))};
  EXPECT_THAT(Parse(), Says("more than 100 alternative names"));
}

TEST_F(CsrRefuse, NamesThatAreNotWhatTheySay) {
  const std::vector<Bytes> bad{
      AltName(6, ""),
      AltName(6, "spiffe://a b"),
      AltName(6, std::string("spiffe://a\0b", 12)),
      AltName(2,
              "gr\xc3\xb6\xc3\x9f"
              "e.example"),
      AltName(7, "12345"),
      AltName(8, "\x2a\x03"),   // registeredID
      {0xa0, 0x00},             // otherName
      {0xa4, 0x02, 0x30, 0x00}  // directoryName
  };
  for (const Bytes& name : bad) {
    builder_.extensions = {Extension(oid::kSubjectAltName, false, AltNames({name}))};
    EXPECT_THAT(Parse(), HasReason("csr_parse")) << ToHex(name);
  }
}

TEST_F(CsrRefuse, AlternativeNamesWithATail) {
  Bytes value = AltNames({AltName(2, "a.example")});
  value.push_back(0);
  builder_.extensions = {Extension(oid::kSubjectAltName, false, value)};
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, AttributeValuesNestedTooDeeply) {
  Bytes value{0x30, 0x00};
  for (int i = 1; i < 7; ++i) value = AltNames({value});
  builder_.other_attributes = {Attribute(Numbered(1), {value})};
  EXPECT_THAT(Parse(), IsOk());
  for (int i = 0; i < 1000; ++i) value = AltNames({value});
  builder_.other_attributes = {Attribute(Numbered(1), {value})};
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, SubjectsThatAreNotText) {
  const Bytes cn = ToBytes(oid::kCommonName);
  for (const auto& [tag, text] : std::vector<std::pair<std::uint8_t, std::string>>{
           {der::kUtf8String, "\xff"}, {der::kPrintableString, "\xe9"}, {der::kOctetString, "x"}, {0x1e, "xx"}}) {
    builder_.subject = testing::NameOf({{cn, tag, text}});
    EXPECT_THAT(Parse(), HasReason("csr_parse")) << int{tag};
  }
  builder_.subject = testing::NameOf(std::vector<testing::NamePart>(33, {cn, der::kUtf8String, "x"}));
  EXPECT_THAT(Parse(), HasReason("csr_parse"));
}

TEST_F(CsrRefuse, SignatureAlgorithmsThatAreWeakOrDoNotFit) {
  const std::vector<Bytes> algorithms{
      testing::AlgorithmOf(FromHex("2a8648ce3d0401").value(), false),     // ecdsa-with-SHA1
      testing::AlgorithmOf(FromHex("2a864886f70d010105").value(), true),  // sha1WithRSAEncryption
      testing::AlgorithmOf(FromHex("2a864886f70d010104").value(), true),  // md5WithRSAEncryption
      testing::AlgorithmOf(oid::kRsaSha256, true),                        // another kind of key
      testing::AlgorithmOf(oid::kEd25519, false),
      testing::AlgorithmOf(oid::kEcdsaSha256, true),  // parameters that must be absent
      testing::AlgorithmOf(oid::kRsaPss, false),
  };
  for (const Bytes& algorithm : algorithms) {
    builder_.algorithm = algorithm;
    EXPECT_THAT(Parse(), HasReason("csr_signature")) << ToHex(algorithm);
  }
}

TEST_F(CsrRefuse, RsaSignatureWithoutNullParameters) {
  const ossl::PKey rsa = testing::MakeKey("RSA:2048");
  CsrBuilder builder(rsa.get());
  builder.algorithm = testing::AlgorithmOf(oid::kRsaSha256, false);
  EXPECT_THAT(ParseCsrDer(builder.Der()), HasReason("csr_signature"));
}

}  // namespace
}  // namespace rootkeep
