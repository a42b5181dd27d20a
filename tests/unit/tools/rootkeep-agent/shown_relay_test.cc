#include "tools/rootkeep-agent/shown_relay.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::agent {
namespace {

using rootkeep::testing::IsOk;
using ::testing::HasSubstr;

class ShownRelayTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(log::Start(log::Level::kInfo, directory_ / "log"), IsOk()); }
  void TearDown() override { ASSERT_THAT(log::Start(log::Level::kWarning, ""), IsOk()); }

  [[nodiscard]] std::int64_t Lines() const {
    return std::ranges::count(ReadFile(directory_ / "log", 1 << 20).value_or(""), '\n');
  }

  static AgentConfig Config() {
    AgentConfig config;
    config.relay.emplace();
    return config;
  }

  const rootkeep::testing::TempDir directory_;
  Readiness readiness_;
  AgentMetrics metrics_{Config()};
  ShownRelay shown_{readiness_, metrics_};
};

TEST_F(ShownRelayTest, WhatAnybodyCanCauseIsCountedAndFillsNoLog) {
  for (int i = 0; i < 1000; ++i) {
    shown_.Answered({.code = "UNIMPLEMENTED", .by = "relay"});
    shown_.Refused({.why = "client", .peer = "192.0.2.1"});
  }
  EXPECT_LT(Lines(), 500);
  EXPECT_THAT(metrics_.Scrape(0, 0),
              HasSubstr("rootkeep_relay_calls_total{by=\"relay\",code=\"UNIMPLEMENTED\"} 1000\n"));
  EXPECT_THAT(metrics_.Scrape(0, 0), HasSubstr("rootkeep_relay_connections_refused_total{why=\"client\"} 1000\n"));
}

TEST_F(ShownRelayTest, WhatWentWellHasItsLineAlways) {
  for (int i = 0; i < 300; ++i) shown_.Answered({.code = "OK", .by = "ca", .request_id = "0000000000000001"});
  EXPECT_EQ(Lines(), 300);
}

}  // namespace
}  // namespace rootkeep::agent
