// The reader of plugin configurations: what SPIRE's printer makes of plugin_data, JSON, and everything refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/spire/plugin/hcl/parse.h"
#include "providers/spire/plugin/hcl/section.h"

namespace rootkeep::spire::hcl {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? "" : parsed.error().message();
}

Section SectionOf(std::string_view text) {
  auto parsed = Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().ToString();
  return Section(parsed.ok() ? std::move(*parsed) : Object());
}

std::string TextOf(std::string_view text, std::string_view key = "a") {
  return SectionOf(text).GetText(key).value().value_or("(absent)");
}

TEST(Hcl, ReadsWhatSpirePrints) {
  Section section =
      SectionOf("\"address\" = \"127.0.0.1:15012\"\n\nwait_for_daemon = \"30s\"\n\"retry\" = 3\n\"tls\" = true\n");
  EXPECT_EQ(section.GetText("address").value(), "127.0.0.1:15012");
  EXPECT_EQ(section.GetDuration("wait_for_daemon").value(), std::chrono::seconds(30));
  EXPECT_EQ(section.GetInteger("retry").value(), 3);
  EXPECT_EQ(section.GetBool("tls").value(), true);
  EXPECT_TRUE(section.RefuseUnknown().ok());
}

TEST(Hcl, ReadsJson) {
  Section section = SectionOf(R"({"a": "x\u00e9\/", "n": -5, "b": false, "list": [1, "two"], "block": {"c": 1}})");
  EXPECT_EQ(section.GetText("a").value(), "x\xc3\xa9/");
  EXPECT_EQ(section.GetInteger("n").value(), -5);
}

TEST(Hcl, ReadsCommentsEscapesAndHereDocuments) {
  EXPECT_EQ(TextOf("# one\n// two\n/* three\n */ a = \"x\" # four"), "x");
  EXPECT_EQ(TextOf(R"(a = "\"\\\n\t\r\U0001F511")"), "\"\\\n\t\r\xf0\x9f\x94\x91");
  EXPECT_EQ(TextOf("a = <<END\n  one\n two\nEND\nb = 1"), "  one\n two\n");
  EXPECT_EQ(TextOf("a = <<-END\n    one\n  two\n  END\n"), "  one\ntwo\n");
}

TEST(Hcl, ReadsBlocksAndLists) {
  const auto parsed = Parse("outer { inner = [1, [true], {x = \"y\"},] }, other = {}");
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  ASSERT_EQ(parsed->size(), 2U);
  const auto& inner = std::get<Object>(parsed->front().value.content).front();
  EXPECT_EQ(inner.key, "inner");
  EXPECT_EQ(std::get<List>(inner.value.content).size(), 3U);
}

TEST(Hcl, SaysWhereItIsWrong) {
  EXPECT_THAT(ErrorOf("a = \"x\"\nb 5"), HasSubstr("line 2, column 3: '='"));
  EXPECT_THAT(ErrorOf("a = "), HasSubstr("line 1, column 5: a value"));
  EXPECT_THAT(ErrorOf("a = 1\n a = 2"), HasSubstr("line 2, column 2: \"a\" is there twice"));
  EXPECT_THAT(ErrorOf("{a = 1"), HasSubstr("'}'"));
  EXPECT_THAT(ErrorOf("{a = 1} b = 2"), HasSubstr("the end of the configuration"));
  EXPECT_THAT(ErrorOf("a = [1 2]"), HasSubstr("','"));
  EXPECT_THAT(ErrorOf("a = 1.5"), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf("a = 99999999999999999999"), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf("a = null"), HasSubstr("a value"));
  EXPECT_THAT(ErrorOf("a = \"x"), HasSubstr("does not end"));
  EXPECT_THAT(ErrorOf("a = \"x\ny\""), HasSubstr("does not end on its line"));
  EXPECT_THAT(ErrorOf("a = \"${env.PIN}\""), HasSubstr("interpolation"));
  EXPECT_THAT(ErrorOf(R"(a = "\ud800")"), HasSubstr("no character"));
  EXPECT_THAT(ErrorOf(R"(a = "\u0000")"), HasSubstr("no character"));
  EXPECT_THAT(ErrorOf(R"(a = "\q")"), HasSubstr("unknown escape"));
  EXPECT_THAT(ErrorOf("a = \"\x01\""), HasSubstr("control character"));
  EXPECT_THAT(ErrorOf("a = <<END\nx"), HasSubstr("does not end with END"));
  EXPECT_THAT(ErrorOf("a = <<\nx"), HasSubstr("begins with a word"));
  EXPECT_THAT(ErrorOf("/* a = 1"), HasSubstr("the comment does not end"));
  EXPECT_THAT(ErrorOf("a = @"), HasSubstr("nothing begins with"));
  EXPECT_THAT(ErrorOf("\"a b\" = 1"), HasSubstr("printable"));
}

TEST(Hcl, HasLimits) {
  EXPECT_THAT(ErrorOf(std::string(kMaxDocument + 1, ' ')), HasSubstr("octets"));
  EXPECT_THAT(ErrorOf("a = \"" + std::string(kMaxDocument / 2, 'x') + "\""), HasSubstr("octets"));
  EXPECT_THAT(ErrorOf("a = <<E\n" + std::string(kMaxDocument / 2, 'x') + "\nE"), HasSubstr("octets"));
  EXPECT_THAT(ErrorOf("a = " + std::string(20'000, '[')), HasSubstr("levels"));
  EXPECT_EQ(ErrorOf("a = " + std::string(kMaxDepth - 1, '[') + std::string(kMaxDepth - 1, ']')), "");
  std::string list = "a = [";
  for (std::size_t i = 0; i <= kMaxValues; ++i) list += "1,";
  EXPECT_THAT(ErrorOf(list + "]"), HasSubstr("values"));
}

TEST(Section, RefusesWhatNobodyAskedFor) {
  Section section = SectionOf("address = \"x\"\nadress = \"secret\"");
  EXPECT_TRUE(section.GetText("address").ok());
  EXPECT_TRUE(section.GetText("token_file").ok());
  const auto refused = section.RefuseUnknown();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "line 2, column 1: unknown key \"adress\"; known are address, token_file");
}

TEST(Section, RefusesOtherTypesWithoutRepeatingValues) {
  Section section = SectionOf("a = 5\nb = \"secret\"\nc = \"\"\nd = \"5\"\ne = \"9999999h\"\nf = \"-1s\"");
  EXPECT_THAT(section.GetText("a").error().message(), HasSubstr("line 1, column 5: a is a text"));
  EXPECT_THAT(section.GetInteger("b").error().message(), ::testing::Not(HasSubstr("secret")));
  EXPECT_FALSE(section.GetBool("b").ok());
  EXPECT_THAT(section.GetText("c").error().message(), HasSubstr("c is empty"));
  for (const char* key : {"a", "b", "d", "e", "f"}) EXPECT_FALSE(section.GetDuration(key).ok()) << key;
  EXPECT_FALSE(section.GetText("absent").value().has_value());
}

}  // namespace
}  // namespace rootkeep::spire::hcl
