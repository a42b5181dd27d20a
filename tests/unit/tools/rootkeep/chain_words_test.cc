#include "tools/rootkeep/chain_words.h"

#include <fmt/ranges.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::cli {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::time_t kFrom = 1'700'000'000;
constexpr std::time_t kUntil = kFrom + 24 * 3600 + 120;

// A certificate by OpenSSL's own means, signed with `issuer_key`.
std::string Certificate(const char* subject, const char* issuer, EVP_PKEY* key, EVP_PKEY* issuer_key, const char* san,
                        bool ca) {
  const ossl::Cert certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 0x4d2);
  ASN1_TIME_set(X509_getm_notBefore(x), kFrom);
  ASN1_TIME_set(X509_getm_notAfter(x), kUntil);
  const auto name = [](X509_NAME* into, const char* text) {
    X509_NAME_add_entry_by_txt(into, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  };
  if (*subject != '\0') name(X509_get_subject_name(x), subject);
  const ossl::Name issuer_name(X509_NAME_new());
  name(issuer_name.get(), issuer);
  X509_set_issuer_name(x, issuer_name.get());
  X509_set_pubkey(x, key);
  const auto extend = [x](int nid, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (san != nullptr) extend(NID_subject_alt_name, san);
  extend(NID_basic_constraints, ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE");
  X509_sign(x, issuer_key, EVP_sha256());
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), x);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

class ChainWordsTest : public ::testing::Test {
 protected:
  KeyInfo KeyInToken() {
    KeyInfo info{.label = "rk/rootkeep-ca/demo/1",
                 .public_key = *PublicKey::FromSpki(testing::SpkiOf(ca_key_.get())),
                 .custody = {.sensitive = true,
                             .extractable = false,
                             .always_sensitive = true,
                             .never_extractable = true,
                             .local = true},
                 .voucher = Voucher::kTokenSoftware,
                 .device = {.label = "ca", .serial = "0a1b"}};
    return info;
  }

  ossl::PKey ca_key_ = testing::MakeKey("P-256");
  ossl::PKey leaf_key_ = testing::MakeKey("P-256");
  std::string ca_ = Certificate("test root", "test root", ca_key_.get(), ca_key_.get(), nullptr, true);
  std::string leaf_ = Certificate("", "test root", leaf_key_.get(), ca_key_.get(),
                                  "critical,URI:spiffe://td/ns/a/sa/b,DNS:a.example,IP:127.0.0.1", false);
};

TEST_F(ChainWordsTest, ReadsWhatACertificateSays) {
  ASSERT_OK_AND_ASSIGN(const auto chain, ReadCertificates("some text\n" + leaf_ + ca_));
  ASSERT_THAT(chain, SizeIs(2));
  EXPECT_THAT(chain[0].sans, ::testing::ElementsAre("spiffe://td/ns/a/sa/b", "a.example", "127.0.0.1"));
  EXPECT_EQ(chain[0].subject, "");
  EXPECT_EQ(chain[0].issuer, "CN=test root");
  EXPECT_EQ(chain[0].serial, "04d2");
  EXPECT_EQ(ToUnixSeconds(chain[0].not_before), kFrom);
  EXPECT_EQ(ToUnixSeconds(chain[0].not_after), kUntil);
  EXPECT_FALSE(chain[0].ca);
  EXPECT_TRUE(chain[1].ca);
  EXPECT_EQ(chain[1].path_length, 0);
}

TEST_F(ChainWordsTest, NamesTheKeyItsTokenAndWhoVouches) {
  ASSERT_OK_AND_ASSIGN(const auto chain, ReadCertificates(leaf_ + ca_));
  const std::string words = fmt::format("{}", fmt::join(ChainWords(chain, {KeyInToken()}), "\n"));
  EXPECT_THAT(words, HasSubstr("spiffe://td/ns/a/sa/b"));
  EXPECT_THAT(words, HasSubstr("(24h02m)"));
  EXPECT_THAT(words, HasSubstr("signed by CN=test root"));
  EXPECT_THAT(words, HasSubstr("rk/rootkeep-ca/demo/1 in token \"ca\" (serial 0a1b)"));
  EXPECT_THAT(words, HasSubstr("claimed by token (software, for tests)"));
  EXPECT_THAT(words, Not(HasSubstr("proved")));
}

TEST_F(ChainWordsTest, AnIssuersNameWithoutItsSignatureIsNoIssuer) {
  const ossl::PKey other = testing::MakeKey("P-256");
  const std::string impostor = Certificate("test root", "test root", other.get(), other.get(), nullptr, true);
  ASSERT_OK_AND_ASSIGN(const auto chain, ReadCertificates(leaf_ + impostor));
  EXPECT_EQ(SignerOf(chain, 0), nullptr);
  EXPECT_EQ(SignerOf(chain, 1), &chain[1]);
}

TEST_F(ChainWordsTest, JsonSaysTheSame) {
  ASSERT_OK_AND_ASSIGN(const auto chain, ReadCertificates(leaf_ + ca_));
  const auto json = ChainJson(chain, {KeyInToken()});
  EXPECT_EQ(json[0]["names"][0], "spiffe://td/ns/a/sa/b");
  EXPECT_EQ(json[0]["signed_with"]["voucher"], "claimed by token (software, for tests)");
  EXPECT_EQ(json[1]["self_signed"], true);
  EXPECT_EQ(ChainJson(chain, {})[0]["signed_with"], nullptr);
}

TEST_F(ChainWordsTest, RefusesWhatIsNoCertificate) {
  EXPECT_THAT(ReadCertificates(""), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(ReadCertificates("hello"), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(ReadCertificates(ca_ + ca_.substr(0, 200)), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::cli
