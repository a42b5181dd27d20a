#include "keystore/pkcs11/uri.h"

#include "tests/support/matchers.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::Says;

TEST(ParseUri, ReadsEveryPart) {
  ASSERT_OK_AND_ASSIGN(const KeyUri uri,
                       ParseUri("pkcs11:token=my%20token;serial=00ab;manufacturer=m;model=x;object=rk%2Fapp%2Fa%2F1;"
                                "id=%00%ff;type=private?pin-source=file:/run/pin"));
  EXPECT_EQ(uri.scheme, UriScheme::kPkcs11);
  EXPECT_EQ(uri.token_label, "my token");
  EXPECT_EQ(uri.token_serial, "00ab");
  EXPECT_EQ(uri.token_manufacturer, "m");
  EXPECT_EQ(uri.token_model, "x");
  EXPECT_EQ(uri.object_label, "rk/app/a/1");
  EXPECT_EQ(uri.object_id, (Bytes{0x00, 0xff}));
  EXPECT_EQ(uri.pin_source, "file:/run/pin");
}

TEST(ParseUri, OnlyFieldsOfATokenArePadded) {
  ASSERT_OK_AND_ASSIGN(const KeyUri uri, ParseUri("pkcs11:token=t%20;object=%20;id=%20"));
  EXPECT_EQ(uri.token_label, "t");
  EXPECT_EQ(uri.object_label, " ");
  EXPECT_EQ(uri.object_id, Bytes{0x20});
}

TEST(ParseUri, PrintsWithoutThePinSource) {
  ASSERT_OK_AND_ASSIGN(const KeyUri uri, ParseUri("pkcs11:token=t;object=o?pin-source=file:/run/pin"));
  EXPECT_EQ(uri.Redacted(), "pkcs11:token=t;object=o");
}

TEST(ParseUri, PrintsWhatParsesToTheSameNames) {
  KeyUri uri{.token_label = "ends with:", .token_serial = "a;b", .object_label = "?&%=", .object_id = {0, 0x25}};
  ASSERT_OK_AND_ASSIGN(const KeyUri again, ParseUri(uri.Redacted()));
  EXPECT_EQ(again.token_label, uri.token_label);
  EXPECT_EQ(again.token_serial, uri.token_serial);
  EXPECT_EQ(again.object_label, uri.object_label);
  EXPECT_EQ(again.object_id, uri.object_id);
}

TEST(ParseUri, RefusesAPinAndDoesNotRepeatIt) {
  const auto uri = ParseUri("pkcs11:token=t?pin-value=12345678");
  EXPECT_THAT(uri, HasCode(Code::kInvalidArgument));
  EXPECT_THAT(uri, Says("pin-source"));
  EXPECT_EQ(uri.error().ToString().find("12345678"), std::string::npos);
}

TEST(ParseUri, RepeatsNothingThatCouldBeAPin) {
  const auto uri = ParseUri("pkcs11:token=t?12345678");
  EXPECT_THAT(uri, HasCode(Code::kInvalidArgument));
  EXPECT_EQ(uri.error().ToString().find("12345678"), std::string::npos);
}

TEST(ParseUri, RefusesWhatItWouldOtherwiseIgnore) {
  for (const char* text :
       {"pkcs11:token=t;slot-id=3", "pkcs11:slot-description=a", "pkcs11:slot-manufacturer=a",
        "pkcs11:library-manufacturer=a;token=t", "pkcs11:library-version=1.0", "pkcs11:library-description=a",
        "pkcs11:token=t?module-path=/x.so", "pkcs11:token=t?module-name=x", "pkcs11:token=t;vendor-thing=1",
        "pkcs11:token=t?pin-source=file:/a&other=1", "pkcs11:token=t?pinfile=/a"}) {
    EXPECT_THAT(ParseUri(text), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(ParseUri, RefusesMalformedText) {
  for (const char* text : {"",
                           "pkcs11",
                           "PKCS11:token=t",
                           "tpm2:token=t",
                           " pkcs11:token=t",
                           "pkcs11:token=a b",
                           "pkcs11:token",
                           "pkcs11:token=",
                           "pkcs11:token=a;token=b",
                           "pkcs11:id=%0",
                           "pkcs11:id=%zz",
                           "pkcs11:token=t;;object=o",
                           "pkcs11:token=t?pin-source=",
                           "pkcs11:token=t;type=public",
                           "pkcs11:token=t;type=cert",
                           "pkcs11:token=t;type=nonsense",
                           "pkcs11:token=t?pin-source=file:/a%00b",
                           "pkcs11:token=\xc3\xa4",
                           "pkcs11:token=t;serial=%20%20",
                           "pkcs11:token=%20",
                           "pkcs11:object=a%00b",
                           "pkcs11:serial=0123456789abcdef0"}) {
    EXPECT_THAT(ParseUri(text), HasCode(Code::kInvalidArgument)) << text;
  }
}

TEST(ParseUri, HasALimit) {
  const std::string prefix = "pkcs11:object=";
  EXPECT_TRUE(ParseUri(prefix + std::string(kMaxUriSize - prefix.size(), 'a')).ok());
  EXPECT_THAT(ParseUri(prefix + std::string(kMaxUriSize - prefix.size() + 1, 'a')), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::pkcs11
