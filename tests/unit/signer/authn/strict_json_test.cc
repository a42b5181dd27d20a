#include "signer/authn/strict_json.h"

#include <string>

#include "tests/support/matchers.h"

namespace rootkeep::jose {
namespace {

using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;

std::string Nested(std::size_t depth) {
  std::string text = R"({"a":)";
  for (std::size_t i = 1; i < depth; ++i) text += "[";
  text += "1";
  for (std::size_t i = 1; i < depth; ++i) text += "]";
  return text + "}";
}

TEST(StrictJson, ReadsAnObject) {
  ASSERT_OK_AND_ASSIGN(const auto json,
                       ParseStrictJson(R"( {"a":[1,-2,3.5e2,true,null,"\u00e9\ud83d\ude00"],"b":{}} )"));
  EXPECT_EQ(json["a"].size(), 6U);
  EXPECT_EQ(json["a"][5], "é😀");
}

TEST(StrictJson, RefusesDuplicateMembers) {
  for (const char* text : {R"({"a":1,"a":2})", R"({"a":1,"b":2,"a":1})", R"({"x":{"a":1,"a":2}})",
                           R"({"x":[{"a":1,"a":2}]})", R"({"alg":"RS256","\u0061lg":"none"})", R"({"":1,"":2})"}) {
    EXPECT_THAT(ParseStrictJson(text), HasReason("json_duplicate_member")) << text;
  }
  EXPECT_THAT(ParseStrictJson(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"), IsOk());
}

TEST(StrictJson, RefusesWhatIsNotOneObject) {
  for (const char* text : {"", " ", "1", "\"a\"", "[]", "null", "{", "{}x", "{} {}", "{\"a\":1,}", "{'a':1}",
                           "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":NaN}", "{a:1}", "{\"a\":1}//", "/**/{}"}) {
    EXPECT_THAT(ParseStrictJson(text), HasReason("json_malformed")) << text;
  }
}

TEST(StrictJson, RefusesNulAndByteOrderMark) {
  using std::string_literals::operator""s;
  EXPECT_THAT(ParseStrictJson("{}\0{\"a\":1}"s), HasReason("json_malformed"));
  EXPECT_THAT(ParseStrictJson("\xEF\xBB\xBF{}"), HasReason("json_malformed"));
  EXPECT_THAT(ParseStrictJson(R"({"a":"x\u0000y"})"), HasReason("json_malformed"));
  EXPECT_THAT(ParseStrictJson(R"({"x\u0000y":1})"), HasReason("json_malformed"));
}

TEST(StrictJson, RefusesBadUtf8) {
  for (const char* text :
       {"{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"\xff\":1}", R"({"a":"\ud800"})", R"({"a":"\ud800\u0041"})", R"({"a":"\udc00"})"}) {
    EXPECT_THAT(ParseStrictJson(text), HasReason("json_malformed")) << text;
  }
}

TEST(StrictJson, BoundsTheDepth) {
  EXPECT_THAT(ParseStrictJson(Nested(kMaxJsonDepth)), IsOk());
  EXPECT_THAT(ParseStrictJson(Nested(kMaxJsonDepth + 1)), HasReason("json_malformed"));
  EXPECT_THAT(ParseStrictJson(R"({"a":)" + std::string(8000, '[')), HasReason("json_malformed"));
}

TEST(StrictJson, RefusesNumbersThatReadersRoundDifferently) {
  EXPECT_THAT(ParseStrictJson(R"({"a":9223372036854775807,"b":-9223372036854775808})"), IsOk());
  for (const char* number :
       {"9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400", "-1e400"}) {
    EXPECT_THAT(ParseStrictJson(std::string(R"({"a":)") + number + "}"), HasReason("json_malformed")) << number;
  }
  EXPECT_THAT(ParseStrictJson(R"({"a":)" + std::string(5000, '9') + "}"), HasReason("json_malformed"));
}

TEST(StrictJson, SaysNothingOfTheText) {
  const auto result = ParseStrictJson(R"({"secret":"hunter2","x":hunter2})");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().ToString().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace rootkeep::jose
