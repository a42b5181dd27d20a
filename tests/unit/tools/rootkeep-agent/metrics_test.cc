#include "tools/rootkeep-agent/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rootkeep::agent {
namespace {

using keysocket::CallKind;
using ::testing::HasSubstr;
using ::testing::Not;

class AgentMetricsTest : public ::testing::Test {
 protected:
  static AgentConfig Config() {
    AgentConfig config;
    config.tokens.resize(1);
    config.tokens[0].name = "node";
    config.sockets.resize(1);
    config.sockets[0].name = "web";
    config.certificates.resize(1);
    config.certificates[0].name = "site";
    return config;
  }
  [[nodiscard]] std::string Text() const { return metrics.Scrape(3, 2); }

  AgentMetrics metrics{Config()};
};

TEST_F(AgentMetricsTest, WhatCanHappenIsThereBeforeItDoes) {
  for (const char* line : {
           "rootkeep_keysocket_calls_total{call=\"sign\",outcome=\"ok\"} 0\n",
           "rootkeep_keysocket_denials_total{socket=\"web\",what=\"connect\"} 0\n",
           "rootkeep_keysocket_sign_seconds_count{stage=\"queue\",token=\"node\"} 0\n",
           "rootkeep_certificate_renewals_total{by=\"token\",certificate=\"site\"} 0\n",
           "rootkeep_certificate_failures_total{certificate=\"site\",step=\"reload\"} 0\n",
           "rootkeep_keysocket_connections 3\n",
           "rootkeep_keysocket_calls_waiting 2\n",
           "rootkeep_build_info{version=\"",
       }) {
    EXPECT_THAT(Text(), HasSubstr(line));
  }
  // A certificate that there is not has no end.
  EXPECT_THAT(Text(), Not(HasSubstr("rootkeep_certificate_expiry_timestamp_seconds{")));
}

TEST_F(AgentMetricsTest, CountsCallsByWhatCameOfThem) {
  metrics.Answered(CallKind::kSign, "ok");
  metrics.Answered(CallKind::kSign, "ok");
  metrics.Answered(CallKind::kList, "ok");
  metrics.Answered(CallKind::kSign, "queue_full");
  metrics.Answered(CallKind::kDescribe, "INVALID_ARGUMENT");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"sign\",outcome=\"ok\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"list\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"sign\",outcome=\"queue_full\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_calls_total{call=\"describe\",outcome=\"INVALID_ARGUMENT\"} 1\n"));
}

TEST_F(AgentMetricsTest, BoundsTheOutcomesThatItKeeps) {
  for (int i = 0; i < 200; ++i) metrics.Answered(CallKind::kSign, "word" + std::to_string(i));
  metrics.Answered(CallKind::kList, "another");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("{call=\"sign\",outcome=\"word63\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("{call=\"sign\",outcome=\"word64\"}")));
  EXPECT_THAT(text, HasSubstr("{call=\"sign\",outcome=\"other\"} 136\n"));
  EXPECT_THAT(text, HasSubstr("{call=\"list\",outcome=\"another\"} 1\n"));
}

TEST_F(AgentMetricsTest, TimesSignaturesByToken) {
  using std::chrono::microseconds;
  metrics.Signed("node", {.queued = microseconds(0), .device = microseconds(60)});
  metrics.Signed("node", {.queued = microseconds(30), .device = microseconds(3000)});
  metrics.Signed("a token of nobody's", {});
  const std::string text = Text();
  const std::string name = "rootkeep_keysocket_sign_seconds_bucket{stage=";
  EXPECT_THAT(text, HasSubstr(name + "\"queue\",token=\"node\",le=\"2e-05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "\"queue\",token=\"node\",le=\"5e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "\"sign\",token=\"node\",le=\"5e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "\"sign\",token=\"node\",le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(name + "\"sign\",token=\"node\",le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("nobody")));
}

TEST_F(AgentMetricsTest, CountsDenialsOfItsSocketsOwnToo) {
  metrics.Denied("web", "sign");
  metrics.Denied("web", "sign");
  metrics.Denied("(the agent's own)", "connect");
  metrics.Denied("a socket of nobody's", "sign");
  metrics.Denied("web", "a word of nobody's");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_denials_total{socket=\"web\",what=\"sign\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keysocket_denials_total{socket=\"(the agent's own)\",what=\"connect\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("nobody")));
}

TEST_F(AgentMetricsTest, TellsHowTokensAndCertificatesAre) {
  metrics.SetTokenUp("node", true);
  metrics.SetKeys("node", "ACTIVE", 4);
  metrics.SetKeyCatalogueReadable(true);
  metrics.SetExpiry("site", FromUnixSeconds(1'800'000'000));
  metrics.SetNamesMissing("site", 2);
  metrics.CountRenewal("site", "certificate");
  metrics.CountFailure("site", "renewal");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("rootkeep_token_up{token=\"node\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_keys{state=\"ACTIVE\",token=\"node\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_key_catalogue_readable 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_certificate_expiry_timestamp_seconds{certificate=\"site\"} 1800000000\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_certificate_names_missing{certificate=\"site\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_certificate_renewals_total{by=\"certificate\",certificate=\"site\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rootkeep_certificate_failures_total{certificate=\"site\",step=\"renewal\"} 1\n"));
}

TEST_F(AgentMetricsTest, TellsOfARelayWhereThereIsOne) {
  EXPECT_THAT(Text(), Not(HasSubstr("rootkeep_relay_ca_up ")));
  AgentConfig config = Config();
  config.relay.emplace();
  AgentMetrics relaying(config);
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_calls_total{by=\"ca\",code=\"OK\"} 0\n"));
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_ca_up 0\n"));
  relaying.CountRelayed("PERMISSION_DENIED", "ca");
  relaying.CountRelayRefused("rate");
  relaying.SetRelayCaUp(true);
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_calls_total{by=\"ca\",code=\"PERMISSION_DENIED\"} 1\n"));
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_connections_refused_total{why=\"client\"} 0\n"));
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_connections_refused_total{why=\"rate\"} 1\n"));
  EXPECT_THAT(relaying.Scrape(0, 0), HasSubstr("rootkeep_relay_ca_up 1\n"));
}

}  // namespace
}  // namespace rootkeep::agent
