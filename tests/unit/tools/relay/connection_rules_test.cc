#include "tools/relay/connection_rules.h"

#include "tests/support/matchers.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using std::chrono::seconds;

PeerAddress Of(const char* text) { return ParsePeerAddress(text).value_or(PeerAddress{}); }

class ConnectionRulesTest : public ::testing::Test {
 protected:
  void Make(ConnectionLimits limits) {
    ASSERT_OK_AND_ASSIGN(Networks clients, Networks::Parse({"127.0.0.0/8", "::1", "10.0.0.0/8", "fd00::/16"}));
    rules_.emplace(std::move(clients), limits);
  }
  Result<std::shared_ptr<void>> Admit(const char* peer) { return rules_->Admit(Of(peer), now_); }
  // Comes and is gone again.
  bool Passes(const char* peer) { return Admit(peer).ok(); }

  std::optional<ConnectionRules> rules_;
  Deadline now_ = std::chrono::steady_clock::now();
};

TEST_F(ConnectionRulesTest, WhoIsNoClientIsRefusedAndCostsTheOthersNothing) {
  Make({.open = 1, .per_second = 1});
  for (int i = 0; i < 100; ++i) EXPECT_THAT(Admit("192.0.2.1"), HasReason("client"));
  EXPECT_THAT(Admit("192.0.2.1"), HasCode(Code::kPermissionDenied));
  EXPECT_THAT(Admit("10.0.0.1"), IsOk());
}

TEST_F(ConnectionRulesTest, AnAddressHasAQuarterOfTheConnections) {
  Make({.open = 8, .per_second = 1000});
  auto first = Admit("10.0.0.1");
  const auto second = Admit("10.0.0.1");
  EXPECT_THAT(Admit("10.0.0.1"), HasReason("connections"));
  EXPECT_THAT(Admit("10.0.0.2"), IsOk());
  first->reset();
  EXPECT_THAT(Admit("10.0.0.1"), IsOk());
}

TEST_F(ConnectionRulesTest, AllTogetherHaveAllConnections) {
  Make({.open = 2, .per_second = 1000});
  const auto first = Admit("10.0.0.1");
  const auto second = Admit("10.0.0.2");
  EXPECT_THAT(Admit("10.0.0.3"), HasReason("connections"));
}

TEST_F(ConnectionRulesTest, AnAddressHasHalfOfTheRate) {
  Make({.open = 100, .per_second = 2});
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(Passes("10.0.0.1")) << i;
  EXPECT_THAT(Admit("10.0.0.1"), HasReason("rate"));
  EXPECT_TRUE(Passes("10.0.0.2"));
  now_ += seconds(1);
  EXPECT_TRUE(Passes("10.0.0.1"));
  EXPECT_FALSE(Passes("10.0.0.1"));
}

TEST_F(ConnectionRulesTest, AllTogetherHaveTheRate) {
  Make({.open = 100, .per_second = 2});
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(Passes("10.0.0.1"));
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(Passes("10.0.0.2"));
  EXPECT_THAT(Admit("10.0.0.3"), HasReason("rate"));
  now_ += seconds(1);
  EXPECT_TRUE(Passes("10.0.0.3"));
}

// Any process of the host can come from 127.0.0.2.
TEST_F(ConnectionRulesTest, LoopbackIsOneAddress) {
  Make({.open = 8, .per_second = 1000});
  const auto first = Admit("127.0.0.1");
  const auto second = Admit("127.0.0.2");
  EXPECT_THAT(Admit("127.77.0.1"), HasReason("connections"));
  EXPECT_THAT(Admit("::1"), HasReason("connections"));
}

// Who has one address of it can often take any.
TEST_F(ConnectionRulesTest, ASubnetOfIpv6IsOneAddress) {
  Make({.open = 8, .per_second = 1000});
  const auto first = Admit("fd00:0:0:1::1");
  const auto second = Admit("fd00:0:0:1:ffff::2");
  EXPECT_THAT(Admit("fd00:0:0:1::3"), HasReason("connections"));
  EXPECT_THAT(Admit("fd00:0:0:2::1"), IsOk());
}

// Whoever has a slow TPM and says nothing: five signatures a second, and others want some too.
TEST_F(ConnectionRulesTest, ByDefaultTheyLeaveASlowTpmTime) {
  Make({});
  for (int i = 0; i < 1000; ++i) Passes("127.0.0.1");
  int passed = 0;
  for (int second = 0; second < 10; ++second) {
    now_ += seconds(1);
    for (int i = 0; i < 100; ++i) passed += Passes("127.0.0.1") ? 1 : 0;
  }
  EXPECT_EQ(passed, 20);
}

}  // namespace
}  // namespace rootkeep::relay
