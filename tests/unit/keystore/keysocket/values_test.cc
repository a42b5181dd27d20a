#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/values/uri.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::keysocket {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

KeyInfo Info() {
  return {
      .uri = {.token_label = "a token;100%", .object_label = "rk/app/web/2", .object_id = {0, 255}, .pin_source = {}},
      .label = "rk/app/web/2",
      .id = {0, 255},
      .named = ParseKeyLabel("rk/app/web/2"),
      .public_key = *PublicKey::FromSpki(testing::MakeSpki("P-256")),
      .custody = {.sensitive = true, .extractable = false, .other_usages = "decrypt"},
      .voucher = Voucher::kTokenSoftware,
      .device = {.label = "a token", .serial = "1", .manufacturer = "m", .model = "n", .software = true}};
}

TEST(KeySocketValues, AKeyIsTheSameOnBothSides) {
  const KeyInfo sent = Info();
  const std::string uri = BehindSocket(sent.uri).Redacted();
  const auto described = Describe(sent, sent.named->use, uri, 4);
  ASSERT_TRUE(described.has_value());
  ASSERT_OK_AND_ASSIGN(const KeyInfo got, ReadDescription(*described));
  EXPECT_EQ(got.uri.scheme, UriScheme::kKeySocket);
  EXPECT_EQ(OnToken(got.uri, UriScheme::kPkcs11).Redacted(), sent.uri.Redacted());
  EXPECT_EQ(got.label, sent.label);
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.named->generation, 2U);
  EXPECT_EQ(got.public_key, sent.public_key);
  EXPECT_EQ(got.custody, sent.custody);
  EXPECT_EQ(got.voucher, sent.voucher);
  EXPECT_EQ(got.device.model, "n");
  EXPECT_TRUE(got.device.software);
}

TEST(KeySocketValues, NobodyIsToldThatAKeyIsProved) {
  KeyInfo attested = Info();
  attested.voucher = Voucher::kAttested;
  const std::string uri = "keysocket:object=x";
  const auto described = Describe(attested, KeyUse::kApp, uri, 1);
  ASSERT_TRUE(described.has_value());
  EXPECT_EQ(described->voucher, WireVoucher::kToken);
}

TEST(KeySocketValues, ADescriptionThatContradictsItselfIsRefused) {
  const KeyInfo info = Info();
  const std::string uri = "keysocket:object=x";
  const auto described = Describe(info, KeyUse::kApp, uri, 1);
  ASSERT_TRUE(described.has_value());
  EXPECT_THAT(ReadDescription(*described), IsOk());
  const auto refused = [&](auto change) {
    KeyDescription key = *described;
    change(key);
    EXPECT_THAT(ReadDescription(key), HasReason(kReasonAgentBroken));
  };
  refused([](KeyDescription& key) { key.fingerprint[0] ^= 1; });
  refused([](KeyDescription& key) { key.type = WireType::kEcP384; });
  refused([](KeyDescription& key) { key.use = WireUse::kRootkeepCa; });
  refused([](KeyDescription& key) { key.label = "rk/node/web/2"; });
  refused([](KeyDescription& key) { key.uri = "pkcs11:object=x"; });
  refused([](KeyDescription& key) { key.spki = key.spki.first(20); });
}

TEST(KeySocketValues, ALabelThatIsNoneOfOursSaysNoUse) {
  KeyInfo info = Info();
  info.label = "web server";
  info.named.reset();
  const std::string uri = "keysocket:object=web%20server";
  const auto described = Describe(info, KeyUse::kApp, uri, 1);
  ASSERT_TRUE(described.has_value());
  EXPECT_EQ(described->use, WireUse::kApp);
  ASSERT_OK_AND_ASSIGN(const KeyInfo got, ReadDescription(*described));
  EXPECT_EQ(got.label, "web server");
  EXPECT_FALSE(got.named) << "so that it never passes for a CA key";
}

TEST(KeySocketValues, AnErrorArrivesWithWordsOfOursOnly) {
  const Error sent = Unavailable("C_Sign failed")
                         .WithNative({"CKR", 0x30, "CKR_DEVICE_ERROR"})
                         .WithHint("look at the cable")
                         .WithReason("token_host_hung")
                         .WithRetryAfter(std::chrono::hours(1));
  const Error got = FromWire(ToWire(sent));
  EXPECT_EQ(got.code(), Code::kUnavailable);
  EXPECT_EQ(got.reason(), "token_host_hung");
  EXPECT_EQ(got.native().domain, "CKR");
  EXPECT_EQ(got.native().value, 0x30U);
  EXPECT_EQ(got.hint(), "look at the cable");
  EXPECT_EQ(got.retry_after(), std::chrono::minutes(1));
  EXPECT_EQ(ToWire(Error(Code::kAborted, "x")).code, FailureCode::kInternal);
  Failure made_up;
  made_up.reason = std::string_view("made_up");
  made_up.native_domain = std::string_view("made_up");
  EXPECT_EQ(FromWire(made_up).reason(), "");
  EXPECT_EQ(FromWire(made_up).native().domain, "");
}

TEST(KeySocketValues, ANameIsReadAsItIsWritten) {
  ASSERT_OK_AND_ASSIGN(
      const KeyUri uri,
      ParseUri("keysocket:token=t%20%3B;serial=1;manufacturer=m;model=n;object=o;id=%00%ff;type=private"));
  EXPECT_EQ(uri.token_label, "t ;");
  EXPECT_EQ(uri.object_id, (Bytes{0, 0xff}));
  EXPECT_EQ(uri.Redacted(), "keysocket:token=t%20%3B;serial=1;manufacturer=m;model=n;object=o;id=%00%FF");
  ASSERT_OK_AND_ASSIGN(const KeyUri other, ParseUri("pkcs11:object=o"));
  EXPECT_EQ(other.scheme, UriScheme::kPkcs11);
  EXPECT_EQ(ParseUri("tpm2:object=o")->scheme, UriScheme::kTpm2);
  ASSERT_OK_AND_ASSIGN(const KeyUri padded, ParseUri("keysocket:token=t%20;object=%20;id=%20"));
  EXPECT_EQ(padded.token_label, "t");
  EXPECT_EQ(padded.object_label, " ");
  EXPECT_EQ(padded.object_id, Bytes{0x20});
}

TEST(KeySocketValues, WhatIsNoNameIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("file:object=o"), std::string("keysocket:object"), std::string("keysocket:object="),
        std::string("keysocket:object=o;object=o"), std::string("keysocket:object=%2"),
        std::string("keysocket:object=%zz"), std::string("keysocket:object=a b"), std::string("keysocket:object=a%00"),
        std::string("keysocket:slot-id=1"), std::string("keysocket:type=cert;object=o"),
        std::string("keysocket:token=%20%20;object=o"), std::string("keysocket:object=o?pin-value=1"),
        std::string("keysocket:object=\xc3\xa4"), "keysocket:token=" + std::string(32, 't') + "%20",
        "keysocket:object=" + std::string(4096, 'o')}) {
    EXPECT_THAT(ParseUri(text), HasCode(Code::kInvalidArgument)) << text.substr(0, 60);
  }
  EXPECT_EQ(ParseUri("keysocket:object=o?pin-value=123456").error().ToString().find("123456"), std::string::npos);
}

}  // namespace
}  // namespace rootkeep::keysocket
