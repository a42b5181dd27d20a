// The agent's sample configuration loads, its defaults are the code's, and it knows every key of the schema.
#include "keystore/base/file.h"
#include "proto/rootkeep/agent/v1/agent.pb.h"
#include "tests/support/matchers.h"
#include "tests/unit/tools/config/sample_config.h"
#include "tools/config/yaml_to_proto.h"
#include "tools/config/yaml_tree.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {
namespace {

using config::testing::Uncomment;

std::string Sample() { return ReadFile(ROOTKEEP_SAMPLE_CONFIG, 1 << 20).value(); }
std::string WithDefaults() { return Uncomment(Sample(), "#"); }
std::string WithEverything() { return Uncomment(WithDefaults(), "##"); }

std::optional<AgentConfig> Parsed(const std::string& text) {
  config::Problems problems;
  auto out = ParseAgentConfig(text, problems);
  EXPECT_TRUE(out.has_value()) << config::DescribeProblems("sample", problems);
  return out;
}

TEST(AgentSample, LoadsAsItIsAndGivesNothingAway) {
  const auto config = Parsed(Sample());
  ASSERT_TRUE(config.has_value());
  for (const SocketConfig& socket : config->sockets) {
    EXPECT_EQ(socket.mode & 0077, 0U);
    EXPECT_FALSE(socket.ca_service);
    for (const GrantConfig& grant : socket.grants) EXPECT_FALSE(grant.may_create);
  }
}

TEST(AgentSample, DocumentedDefaultsAreTheCodes) {
  const auto plain = Parsed(Sample());
  const auto spelt = Parsed(WithDefaults());
  ASSERT_TRUE(plain && spelt);
  ASSERT_NE(Sample(), WithDefaults());
  EXPECT_EQ(plain->state_directory, spelt->state_directory);
  EXPECT_EQ(plain->token_host, spelt->token_host);
  EXPECT_EQ(plain->modules, spelt->modules);
  EXPECT_EQ(plain->tokens, spelt->tokens);
  EXPECT_EQ(plain->drain, spelt->drain);
  EXPECT_EQ(plain->replaced_keys.grace, spelt->replaced_keys.grace);
  EXPECT_EQ(plain->replaced_keys.keep, spelt->replaced_keys.keep);
  EXPECT_EQ(plain->log, spelt->log);
  EXPECT_EQ(plain->operations, spelt->operations);
  ASSERT_EQ(plain->sockets.size(), spelt->sockets.size());
  EXPECT_EQ(plain->sockets.front().mode, spelt->sockets.front().mode);
  EXPECT_EQ(plain->sockets.front().ca_service, spelt->sockets.front().ca_service);
  EXPECT_EQ(plain->sockets.front().grants.front().may_create, spelt->sockets.front().grants.front().may_create);
}

TEST(AgentSample, KnowsEveryKeyOfTheSchema) {
  ASSERT_TRUE(Parsed(WithEverything()));
  config::Problems problems;
  v1::AgentConfig file;
  config::Positions positions;
  config::YamlToProto(config::ParseYaml(WithEverything(), problems).value(), file, positions, problems);
  std::set<std::string> given;
  for (const auto& [key, position] : positions) {
    given.insert(config::testing::FieldOf(key, v1::AgentConfig::descriptor()));
  }
  std::set<std::string> schema;
  config::testing::CollectFields(*v1::AgentConfig::descriptor(), schema);
  EXPECT_EQ(given, schema);
}

}  // namespace
}  // namespace rootkeep::agent
