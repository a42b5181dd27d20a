// What a key file may hold, octet by octet; files of other programs are in key_file_interop_test.cc.
#include "keystore/tpm2/key_file.h"

#include <fmt/format.h>

#include "tests/support/matchers.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;

// In hexadecimal; DER by hand, so that nothing of the codec's own is believed.
constexpr std::string_view kLoadable = "06066781050a0103";
constexpr std::string_view kEmptyAuth = "a0030101ff";
constexpr std::string_view kOwner = "020440000001";
constexpr std::string_view kHalves = "04040002abcd04050003010203";

std::string Sequence(const std::string& content) {
  const auto der = FromHex(fmt::format("30{:02x}{}", content.size() / 2, content));
  return std::string(AsText(*der));
}

std::string Around(std::string_view fields) { return Sequence(fmt::format("{}{}{}", kLoadable, fields, kHalves)); }

std::string With(std::string_view field) { return Around(fmt::format("{}{}{}", kEmptyAuth, field, kOwner)); }

const KeyFile kKey{
    .empty_auth = true, .parent = 0x40000001, .public_area = {0, 2, 0xab, 0xcd}, .private_area = {0, 3, 1, 2, 3}};

TEST(KeyFileTest, WritesTheFiveFieldsInDer) {
  ASSERT_OK_AND_ASSIGN(const Bytes der, KeyFileDer(kKey));
  EXPECT_EQ(AsText(der), With(""));
  EXPECT_EQ(ParseKeyFile(AsText(der)), kKey);
}

TEST(KeyFileTest, WritesPem) {
  ASSERT_OK_AND_ASSIGN(const std::string pem, KeyFilePem(kKey));
  EXPECT_EQ(pem,
            "-----BEGIN TSS2 PRIVATE KEY-----\n"
            "MCAGBmeBBQoBA6ADAQH/AgRAAAABBAQAAqvNBAUAAwECAw==\n"
            "-----END TSS2 PRIVATE KEY-----\n");
  EXPECT_EQ(ParseKeyFile(pem), kKey);
}

TEST(KeyFileTest, ReadsEveryEmptyAuthThereIs) {
  const auto empty_auth = [](std::string_view field) {
    return ParseKeyFile(Around(fmt::format("{}{}", field, kOwner)))->empty_auth;
  };
  EXPECT_FALSE(empty_auth(""));
  EXPECT_FALSE(empty_auth("a003010100"));
  EXPECT_TRUE(empty_auth("a0030101ff"));
  EXPECT_TRUE(empty_auth("a003010101"));  // what tpm2-openssl writes
  EXPECT_THAT(ParseKeyFile(Around(fmt::format("a003010102{}", kOwner))), HasReason("key_file"));
}

TEST(KeyFileTest, RefusesAFieldThatItDoesNotHonour) {
  for (const auto& [field, name] :
       std::initializer_list<std::pair<const char*, const char*>>{{"a110300e300ca0040202016ba1040402abcd", "policy"},
                                                                  {"a2040402abcd", "secret"},
                                                                  {"a3023000", "authPolicy"},
                                                                  {"a4030c016b", "description"},
                                                                  {"a5030101ff", "rsaParent"}}) {
    const auto key = ParseKeyFile(With(field));
    EXPECT_THAT(key, HasReason("key_file_field")) << name;
    EXPECT_THAT(key, HasCode(Code::kUnimplemented)) << name;
    EXPECT_THAT(key, Says(name));
  }
  EXPECT_THAT(ParseKeyFile(With("a6023000")), HasReason("key_file"));
}

TEST(KeyFileTest, TakesHierarchiesAndPersistentKeysForParents) {
  for (const char* parent :
       {"020440000001", "020440000007", "02044000000b", "02044000000c", "02050081000001", "02050081ffffff"}) {
    EXPECT_THAT(ParseKeyFile(Around(parent)), IsOk()) << parent;
  }
  for (const char* parent : {"020100", "020440000002", "02050080000000", "02050082000000", "020481000001",
                             "0205ffffffffff", "02050140000001", "02050040000001", "0209010000000040000001"}) {
    EXPECT_THAT(ParseKeyFile(Around(parent)), HasReason("key_file")) << parent;
  }
}

TEST(KeyFileTest, RefusesHalvesThatAreNotAsLongAsTheySay) {
  const auto with = [](std::string_view halves) {
    return ParseKeyFile(Sequence(fmt::format("{}{}{}{}", kLoadable, kEmptyAuth, kOwner, halves)));
  };
  for (const char* halves : {"040004050003010203", "0402000004050003010203", "04040003abcd04050003010203",
                             "04040001abcd04050003010203", "04040002abcd04050004010203", "04040002abcd"}) {
    EXPECT_THAT(with(halves), HasReason("key_file")) << halves;
  }
}

TEST(KeyFileTest, RefusesOtherTypesOfKeys) {
  for (const char* type : {"06066781050a0104", "06066781050a0105", "0603550403"}) {
    const auto key = ParseKeyFile(Sequence(fmt::format("{}{}{}{}", type, kEmptyAuth, kOwner, kHalves)));
    EXPECT_THAT(key, HasReason("key_file")) << type;
  }
}

TEST(KeyFileTest, RefusesWhatIsNotDer) {
  const std::string der = With("");
  EXPECT_THAT(ParseKeyFile(der + '\0'), HasReason("key_file"));
  EXPECT_THAT(ParseKeyFile(""), HasReason("key_file"));
  EXPECT_THAT(ParseKeyFile("\x30\x80" + der.substr(2) + std::string(2, '\0')), HasReason("key_file"));
  EXPECT_THAT(ParseKeyFile("\x30\x81" + der.substr(1)), HasReason("key_file"));
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_THAT(ParseKeyFile(der.substr(0, size)), HasReason("key_file")) << size;
  }
}

TEST(KeyFileTest, RefusesPemOfAnotherShape) {
  ASSERT_OK_AND_ASSIGN(const std::string pem, KeyFilePem(kKey));
  std::string other_label = pem;
  other_label.replace(other_label.find("TSS2"), 4, "TPM2");
  std::string long_line = pem;
  long_line.insert(long_line.find("=\n") + 1, " ");
  const std::vector<std::string> others{other_label,
                                        long_line,
                                        " " + pem,
                                        "-" + pem,
                                        pem + "\n",
                                        pem + pem,
                                        "x\n" + pem,
                                        pem.substr(0, pem.size() - 1),
                                        "-----BEGIN TSS2 PRIVATE KEY-----\n-----END TSS2 PRIVATE KEY-----\n",
                                        "-----BEGIN TSS2 PRIVATE KEY-----\n"};
  for (const std::string& text : others) EXPECT_THAT(ParseKeyFile(text), HasReason("key_file")) << text;
}

TEST(KeyFileTest, LimitsComeFirst) {
  EXPECT_THAT(ParseKeyFile(std::string(kMaxKeyFile + 1, '0')), Says("larger"));
  KeyFile key = kKey;
  key.private_area.assign(kMaxPrivateArea + 1, 0);
  key.private_area[0] = static_cast<std::uint8_t>((kMaxPrivateArea - 1) >> 8);
  key.private_area[1] = static_cast<std::uint8_t>(kMaxPrivateArea - 1);
  EXPECT_THAT(KeyFileDer(key), HasReason("key_file"));
  key.private_area.pop_back();
  --key.private_area[1];
  ASSERT_OK_AND_ASSIGN(const std::string pem, KeyFilePem(key));
  EXPECT_EQ(ParseKeyFile(pem), key);
}

TEST(KeyFileTest, WritesNothingThatItWouldNotRead) {
  KeyFile key = kKey;
  key.parent = 0x80000001;
  EXPECT_THAT(KeyFilePem(key), HasReason("key_file"));
  key = kKey;
  key.public_area.push_back(0);
  EXPECT_THAT(KeyFileDer(key), HasReason("key_file"));
}

}  // namespace
}  // namespace rootkeep::tpm2
