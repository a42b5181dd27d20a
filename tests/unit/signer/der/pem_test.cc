#include "signer/der/pem.h"

#include <openssl/pem.h>

#include "keystore/base/openssl.h"
#include "keystore/base/random.h"
#include "tests/support/matchers.h"

namespace rootkeep::der {
namespace {

using testing::HasCode;
using testing::IsOk;

std::string Decoded(std::string_view text) {
  const Result<Bytes> der = FirstPemBlock(text);
  return der.ok() ? ToHex(*der) : "refused";
}

TEST(Pem, ReadsOneBlock) {
  EXPECT_EQ(Decoded("-----BEGIN X-----\nAQID\n-----END X-----\n"), "010203");
  EXPECT_EQ(Decoded("-----BEGIN X-----\r\nAQI=\r\n-----END X-----"), "0102");
  EXPECT_EQ(Decoded(" \n\t-----BEGIN NEW THING-----\nAQ\n==\n-----END NEW THING-----and more"), "01");
}

TEST(Pem, RefusesEverythingElse) {
  for (const char* bad : {
           "", "dumb CSR",
           "x-----BEGIN X-----\nAQID\n-----END X-----\n",         // text before it
           "----BEGIN X-----\nAQID\n-----END X-----\n",           // four dashes
           "-----BEGIN X-----\nAQID\n",                           // no end
           "-----BEGIN X-----\nAQID\n-----END Y-----\n",          // another end
           "-----BEGIN X-----AQID\n-----END X-----\n",            // not on a line of its own
           "-----BEGIN X-----\nAQID-----END X-----\n",            //
           "-----BEGIN X-----\n\n-----END X-----\n",              // nothing inside
           "-----BEGIN X-----\nAQI\n-----END X-----\n",           // padding missing
           "-----BEGIN X-----\nAQID=\n-----END X-----\n",         // padding too much
           "-----BEGIN X-----\nAQ===\n-----END X-----\n",         //
           "-----BEGIN X-----\nAR==\n-----END X-----\n",          // bits left over
           "-----BEGIN X-----\nA!ID\n-----END X-----\n",          // not base64
           "-----BEGIN X-----\nA=QI\n-----END X-----\n",          // padding inside
           "-----BEGIN X-----\nK: v\n\nAQID\n-----END X-----\n",  // RFC 1421 header
           "-----BEGIN X\n-----\nAQID\n-----END X\n-----\n",      // label over two lines
       }) {
    EXPECT_EQ(Decoded(bad), "refused") << bad;
    EXPECT_THAT(FirstPemBlock(bad), HasCode(Code::kInvalidArgument));
  }
}

TEST(Pem, WritesWhatOpenSslWritesAndReads) {
  for (const std::size_t size : {1UL, 2UL, 3UL, 46UL, 47UL, 48UL, 49UL, 96UL, 97UL, 700UL}) {
    ASSERT_OK_AND_ASSIGN(const Bytes der, RandomBytes(size));
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    ASSERT_GT(PEM_write_bio(bio.get(), "CERTIFICATE", "", der.data(), static_cast<long>(size)), 0);
    char* text = nullptr;
    const auto length = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
    const std::string pem = ToPem(der, "CERTIFICATE");
    EXPECT_EQ(pem, std::string_view(text, length));
    ASSERT_OK_AND_ASSIGN(const Bytes back, FirstPemBlock(pem));
    EXPECT_EQ(back, der);
  }
}

}  // namespace
}  // namespace rootkeep::der
