#include "tools/config/yaml_to_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/rootkeep/config/v1/config.pb.h"

namespace rootkeep::config {
namespace {

struct Walked {
  v1::Config file;
  Positions positions;
  std::string problems;
};

Walked Walk(std::string_view text) {
  Walked out;
  Problems problems;
  const std::optional<YamlNode> root = ParseYaml(text, problems);
  if (root) YamlToProto(*root, out.file, out.positions, problems);
  out.problems = DescribeProblems("c.yaml", problems);
  return out;
}

TEST(YamlToProtoTest, EveryKindOfField) {
  const Walked walked = Walk(
      "version: 1\nproduction: true\nstate_directory: \"/srv\"\ncsr_san: strict\nlimits: {max_in_flight: 4294967295}\n"
      "authorities: [{name: 'a', custody: hsm-backup}, {name: 12}]\nlisteners:\n  - server_names: [x, y]\n");
  EXPECT_EQ(walked.problems, "");
  EXPECT_EQ(walked.file.version(), 1U);
  EXPECT_TRUE(walked.file.production());
  EXPECT_EQ(walked.file.state_directory(), "/srv");
  EXPECT_EQ(walked.file.csr_san(), v1::CSR_SAN_STRICT);
  EXPECT_EQ(walked.file.limits().max_in_flight(), 4294967295U);
  EXPECT_EQ(walked.file.authorities(0).custody(), v1::CUSTODY_HSM_BACKUP);
  EXPECT_EQ(walked.file.authorities(1).name(), "12");
  EXPECT_EQ(walked.file.listeners(0).server_names(1), "y");
  EXPECT_EQ(walked.positions.at("listeners[0].server_names"), (Position{8, 19}));
  EXPECT_EQ(walked.positions.at("limits.max_in_flight"), (Position{5, 25}));
  EXPECT_FALSE(walked.positions.contains("log"));
}

TEST(YamlToProtoTest, UnknownKeys) {
  EXPECT_EQ(Walk("version: 1\nfoo: 2\n").problems, "c.yaml:2:1: unknown key \"foo\"");
  EXPECT_EQ(Walk("listners: []\n").problems, "c.yaml:1:1: unknown key \"listners\"; did you mean \"listeners\"?");
  EXPECT_EQ(Walk("limits:\n  drian: 5s\n").problems,
            "c.yaml:2:3: unknown key \"drian\" in limits; did you mean \"drain\"?");
  EXPECT_EQ(Walk("tokens:\n  - name: a\n    pin: 1234\n").problems, "c.yaml:3:5: unknown key \"pin\" in tokens[0]");
  EXPECT_EQ(Walk("Version: 1\n").problems, "c.yaml:1:1: unknown key \"Version\"; did you mean \"version\"?");
}

TEST(YamlToProtoTest, DuplicateKeys) {
  EXPECT_EQ(Walk("version: 1\nversion: 1\n").problems, "c.yaml:2:1: duplicate key \"version\"");
  EXPECT_EQ(Walk("limits: {drain: 5s, drain: 6s}\n").problems, "c.yaml:1:21: duplicate key \"drain\"");
  EXPECT_EQ(Walk("limits: {drain: 5s}\n\"limits\": {}\n").problems, "c.yaml:2:1: duplicate key \"limits\"");
}

TEST(YamlToProtoTest, WrongTypes) {
  EXPECT_EQ(Walk("[]\n").problems, "c.yaml:1:1: expected a map, found a list");
  EXPECT_EQ(Walk("version: one\n").problems, "c.yaml:1:10: version: expected a number, found \"one\"");
  EXPECT_EQ(Walk("version: \"1\"\n").problems, "c.yaml:1:10: version: expected a number, found \"1\"");
  EXPECT_EQ(Walk("version: [1]\n").problems, "c.yaml:1:10: version: expected a number, found a list");
  EXPECT_EQ(Walk("production: yes\n").problems, "c.yaml:1:13: production: expected true or false, found \"yes\"");
  EXPECT_EQ(Walk("production: \"true\"\n").problems, "c.yaml:1:13: production: expected true or false, found \"true\"");
  EXPECT_EQ(Walk("listeners: {}\n").problems, "c.yaml:1:12: listeners: expected a list, found a map");
  EXPECT_EQ(Walk("limits: []\n").problems, "c.yaml:1:9: limits: expected a map, found a list");
  EXPECT_EQ(Walk("state_directory: {}\n").problems, "c.yaml:1:18: state_directory: expected text, found a map");
  EXPECT_EQ(Walk("csr_san: lax\n").problems, "c.yaml:1:10: csr_san: expected one of ignore, strict, found \"lax\"");
  EXPECT_EQ(Walk("csr_san: unspecified\n").problems,
            "c.yaml:1:10: csr_san: expected one of ignore, strict, found \"unspecified\"");
  EXPECT_EQ(Walk("csr_san: CSR_SAN_STRICT\n").problems,
            "c.yaml:1:10: csr_san: expected one of ignore, strict, found \"CSR_SAN_STRICT\"");
  EXPECT_EQ(Walk("{[a]: 1}\n").problems, "c.yaml:1:2: a key that is not text");
  EXPECT_EQ(Walk("state_directory: " + std::string(4097, 'x') + "\n").problems,
            "c.yaml:1:18: state_directory: expected at most 4096 bytes, found a long text");
}

TEST(YamlToProtoTest, NumbersOutOfRange) {
  for (const std::string_view number : {"4294967296", "99999999999999999999999"}) {
    EXPECT_EQ(Walk("version: " + std::string(number) + "\n").problems,
              "c.yaml:1:10: version: \"" + std::string(number) + "\" is out of range");
  }
  for (const std::string_view number : {"-1", "+1", "1.0", "1e3", "0x10", "1_000", "1 "}) {
    const bool trimmed = number == "1 ";
    EXPECT_EQ(Walk("version: " + std::string(number) + "\n").problems.empty(), trimmed) << number;
  }
}

TEST(YamlToProtoTest, KeysWithoutValue) {
  EXPECT_EQ(Walk("state_directory:\n").problems,
            "c.yaml:1:1: state_directory: has no value; leave the key out for the default");
  EXPECT_EQ(Walk("listeners: ~\n").problems, "c.yaml:1:1: listeners: has no value; leave the key out for the default");
  EXPECT_EQ(Walk("limits:\nhealth:\n  -\n").problems, "") << "sections whose keys are all commented out";
}

TEST(YamlToProtoTest, AllProblemsInTheOrderOfTheFile) {
  EXPECT_EQ(Walk("version: x\nfoo: 1\nlimits:\n  bar: 2\n  drain: []\n").problems,
            "c.yaml:1:10: version: expected a number, found \"x\"\n"
            "c.yaml:2:1: unknown key \"foo\"\n"
            "c.yaml:4:3: unknown key \"bar\" in limits\n"
            "c.yaml:5:10: limits.drain: expected text, found a list");
}

TEST(YamlToProtoTest, ProblemsAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "unknown_" + std::to_string(i) + ": 1\n";
  const std::string problems = Walk(text).problems;
  EXPECT_EQ(std::ranges::count(problems, '\n'), static_cast<std::ptrdiff_t>(Problems::kMax));
  EXPECT_TRUE(problems.ends_with("c.yaml: and more"));
}

}  // namespace
}  // namespace rootkeep::config
