#include "keystore/tpm2/uri.h"

#include "tests/support/matchers.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::HasCode;

TEST(TpmUriTest, NamesAKeyAsOtherSchemesDo) {
  const std::string text = "tpm2:token=tpm0;serial=0011223344556677;object=rk%2Fapp%2Fweb%2F1;id=%01%02";
  ASSERT_OK_AND_ASSIGN(const KeyUri uri, ParseUri(text));
  EXPECT_EQ(uri.scheme, UriScheme::kTpm2);
  EXPECT_EQ(uri.token_label, "tpm0");
  EXPECT_EQ(uri.token_serial, "0011223344556677");
  EXPECT_EQ(uri.object_label, "rk/app/web/1");
  EXPECT_EQ(uri.object_id, (Bytes{1, 2}));
  EXPECT_EQ(uri.Redacted(), text);
  EXPECT_EQ(ParseUri(uri.Redacted())->Redacted(), text);
}

TEST(TpmUriTest, NamesAPersistentKeyByItsHandle) {
  ASSERT_OK_AND_ASSIGN(const KeyUri uri, ParseUri("tpm2:token=tpm0;handle=0x8100ABcd"));
  EXPECT_EQ(uri.object_label, "0x8100abcd");
  EXPECT_EQ(uri.Redacted(), "tpm2:token=tpm0;object=0x8100abcd");
  EXPECT_EQ(ParseUri("tpm2:handle=0x81000100;token=tpm0")->object_label, "0x81000100");
}

TEST(TpmUriTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "tpm2", "pkcs11:object=a", "tpm2:handle=", "tpm2:handle=0x80000001", "tpm2:handle=0x8100000",
        "tpm2:handle=0x810000011", "tpm2:handle=81000001", "tpm2:handle=0x8100000g", "tpm2:handle=0x81000001;object=a",
        "tpm2:handle=0x81000001;handle=0x81000001", "tpm2:object=a?pin-source=file:/a", "tpm2:object=",
        "tpm2:slot-id=1", "tpm2:object=a;object=b", "tpm2:object=a b", "tpm2:xhandle=0x81000001", "TPM2:object=a"}) {
    EXPECT_THAT(ParseUri(text), HasCode(Code::kInvalidArgument)) << text;
  }
  EXPECT_THAT(ParseUri("tpm2:object=" + std::string(4096, 'a')), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::tpm2
