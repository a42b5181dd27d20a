#include "tools/config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rootkeep::config {
namespace {

using ::testing::HasSubstr;

std::string Refused(std::string_view text) {
  Problems problems;
  EXPECT_FALSE(ParseYaml(text, problems).has_value());
  EXPECT_FALSE(problems.empty());
  return DescribeProblems("c.yaml", problems);
}

YamlNode Tree(std::string_view text) {
  Problems problems;
  std::optional<YamlNode> root = ParseYaml(text, problems);
  EXPECT_TRUE(root.has_value()) << DescribeProblems("c.yaml", problems);
  return root.value_or(YamlNode{});
}

TEST(YamlTreeTest, KindsAndPositions) {
  const YamlNode root = Tree("a: 1\nb:\n  - x\n  - \"y\"\nc: {d: }\n");
  ASSERT_EQ(root.kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root.keys.size(), 3U);
  EXPECT_EQ(root.items[0].text, "1");
  EXPECT_FALSE(root.items[0].quoted);
  const YamlNode& list = root.items[1];
  ASSERT_EQ(list.kind, YamlNode::Kind::kSequence);
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].text, "y");
  EXPECT_TRUE(list.items[1].quoted);
  EXPECT_EQ(list.items[1].position, (Position{4, 5}));
  EXPECT_EQ(root.keys[2].position, (Position{5, 1}));
  ASSERT_EQ(root.items[2].keys.size(), 1U);
  EXPECT_EQ(root.items[2].items[0].kind, YamlNode::Kind::kNull);
}

TEST(YamlTreeTest, DuplicateKeysAreKept) { EXPECT_EQ(Tree("a: 1\na: 2\n").keys.size(), 2U); }

TEST(YamlTreeTest, OneDocument) {
  EXPECT_EQ(Refused(""), "c.yaml: empty");
  EXPECT_EQ(Refused("# nothing\n"), "c.yaml: empty");
  EXPECT_EQ(Refused("a: 1\n---\nb: 2\n"), "c.yaml:2:1: a second document; a configuration is one");
  EXPECT_EQ(Tree("---\na: 1\n...\n").keys.size(), 1U);
}

TEST(YamlTreeTest, NoAliasesAnchorsOrTags) {
  EXPECT_EQ(Refused("a: &x 1\nb: *x\n"), "c.yaml:1:4: anchors are not supported; write the value out");
  EXPECT_THAT(Refused("a: &x [1, 1]\nb: &y [*x, *x]\nc: &z [*y, *y]\n"), HasSubstr("anchors are not supported"));
  EXPECT_THAT(Refused("a: *x\n"), HasSubstr("c.yaml:1:"));
  EXPECT_THAT(Refused("a: &self [*self]\n"), HasSubstr("anchors are not supported"));
  EXPECT_EQ(Refused("a: !!binary aGVsbG8=\n"), "c.yaml:1:4: tags are not supported");
  EXPECT_EQ(Refused("a: !x {b: 1}\n"), "c.yaml:1:4: tags are not supported");
}

TEST(YamlTreeTest, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(Refused("a: 1\nb: [1, 2\n"), HasSubstr("c.yaml:"));
  EXPECT_THAT(Refused("a: 1\n\t b: 2\n"), HasSubstr("c.yaml:2:"));
  for (const std::string_view unclosed :
       {"a: 'x\n", "a: \"x\n", "a: 'x\nb: 2\n\n", "a: 'x", "'a\n", "a: 'x''\n \t\r\n"}) {
    EXPECT_THAT(Refused(unclosed), HasSubstr("c.yaml:")) << unclosed;
  }
}

TEST(YamlTreeTest, Depth) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(Tree(nested(kMaxYamlDepth)).kind, YamlNode::Kind::kSequence);
  EXPECT_THAT(Refused(nested(kMaxYamlDepth + 1)), HasSubstr("nested deeper than 16 levels"));
  for (const std::string_view opening : {"[", "{", "- ", "? ", "{a: ", "[{"}) {
    std::string text;
    while (text.size() + opening.size() <= kMaxYamlText) text += opening;
    (void)Refused(text);
  }
}

TEST(YamlTreeTest, Size) {
  EXPECT_EQ(Refused("a: " + std::string(kMaxYamlText, 'x')), "c.yaml: larger than 262144 bytes");
  std::string many;
  for (std::size_t i = 0; i <= kMaxYamlNodes; ++i) many += "- 1\n";
  EXPECT_THAT(Refused(many), HasSubstr("more than 50000 values"));
}

TEST(YamlTreeTest, TextOnly) {
  EXPECT_EQ(Refused(std::string_view("a\0b", 3)), "c.yaml: not UTF-8 text");
  EXPECT_EQ(Refused(std::string_view("\xff\xfe"
                                     "a\0:\0",
                                     6)),
            "c.yaml: not UTF-8 text");
  EXPECT_EQ(Refused("a: \"x\\0y\"\n"), "c.yaml:1:4: a control character in a value");
  EXPECT_EQ(Refused("a: \"x\\ey\"\n"), "c.yaml:1:4: a control character in a value");
}

}  // namespace
}  // namespace rootkeep::config
