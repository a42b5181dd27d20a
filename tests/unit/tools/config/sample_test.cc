// The sample configuration is documentation that must be true: it loads, its defaults are the code's, and it knows
// every key of the schema. Its conventions ("#" default, "##" example) are explained at its top.
#include <regex>
#include <set>
#include <sstream>

#include "keystore/base/file.h"
#include "proto/rootkeep/config/v1/config.pb.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/tools/config/config_testing.h"
#include "tests/unit/tools/config/sample_config.h"
#include "tools/config/yaml_to_proto.h"
#include "tools/config/yaml_tree.h"

namespace rootkeep::config {
namespace {

using rootkeep::testing::IsOk;
using ::testing::HasSubstr;
using testing::Parsed;
using testing::Uncomment;

std::string Sample() { return ReadFile(ROOTKEEP_SAMPLE_CONFIG, 1 << 20).value(); }

std::string WithDefaults() { return Uncomment(Sample(), "#"); }
std::string WithEverything() { return Uncomment(WithDefaults(), "##"); }

TEST(SampleConfigTest, LoadsAsItIs) {
  const rootkeep::testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "rootkeepd.yaml", Sample(), 0644), IsOk());
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfig(dir / "rootkeepd.yaml"));
  EXPECT_TRUE(config.impersonation.empty()) << "a sample allows nobody to impersonate";
  EXPECT_TRUE(Warnings(config).empty());
}

TEST(SampleConfigTest, DocumentedDefaultsAreTheCodes) {
  ASSERT_NE(Sample(), WithDefaults());
  EXPECT_EQ(Parsed(Sample()), Parsed(WithDefaults()));
}

TEST(SampleConfigTest, ExamplesAreValidAndOffByDefault) {
  const Config config = Parsed(WithEverything());
  EXPECT_NE(config, Parsed(Sample()));
  EXPECT_EQ(config.impersonation.size(), 2U);
}

TEST(SampleConfigTest, KnowsEveryKeyOfTheSchema) {
  Problems problems;
  v1::Config file;
  Positions positions;
  YamlToProto(ParseYaml(WithEverything(), problems).value(), file, positions, problems);
  std::set<std::string> given;
  for (const auto& [key, position] : positions) given.insert(testing::FieldOf(key, v1::Config::descriptor()));
  std::set<std::string> schema;
  testing::CollectFields(*v1::Config::descriptor(), schema);
  EXPECT_EQ(given, schema);
}

TEST(SampleConfigTest, DefaultsStandInTheSchemaToo) {
  // Each comment on one line.
  const std::string schema = std::regex_replace(
      ReadFile(ROOTKEEP_CONFIG_SCHEMA, 1 << 20).value() + ReadFile(ROOTKEEP_LIFETIMES_SCHEMA, 1 << 20).value() +
          ReadFile(ROOTKEEP_ATTESTATION_SCHEMA, 1 << 20).value() + ReadFile(ROOTKEEP_HARDWARE_SCHEMA, 1 << 20).value(),
      std::regex("(//[^\\n]*)\n *//"), "$1");
  const std::string sample = Sample();
  const std::regex default_line("^ *(?:- )?#([a-z_]+): (.+)$");
  const std::set<std::string> named_elsewhere = {"module", "token", "trust_domain"};  // "the only one there is"
  std::istringstream in(sample);
  int checked = 0;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, default_line) || named_elsewhere.contains(match[1])) continue;
    const std::regex documented("Default[^\\n]*" + std::regex_replace(match[2].str(), std::regex("[.]"), "[.]") +
                                "[^\\n]*\\n *(optional |repeated )?[A-Za-z0-9]+ " + match[1].str() + " = ");
    EXPECT_TRUE(std::regex_search(schema, documented)) << line;
    ++checked;
  }
  EXPECT_GT(checked, 10);
}

}  // namespace
}  // namespace rootkeep::config
