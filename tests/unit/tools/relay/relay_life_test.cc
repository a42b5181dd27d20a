// A relay whose CA, certificate and clients come and go.
#include <thread>

#include "tests/support/mute_server.h"
#include "tests/unit/tools/relay/relay_fixture.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::HasCode;
using rootkeep::testing::Identity;
using rootkeep::testing::IsOk;
using rootkeep::testing::MuteServer;
using rootkeep::testing::RelayFixture;
using enum grpc::StatusCode;

class RelayLife : public RelayFixture {};

TEST_F(RelayLife, WithoutItsCaItSaysSoAtOnceAndServesAgainWhenItIsBack) {
  Start();
  EXPECT_TRUE(Eventually([this] { return told_.Reached() == std::vector<bool>{true}; })) << "without a call";
  EXPECT_EQ(CallCode(), OK);
  ca_->Stop();
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  EXPECT_EQ(told_.Calls().back().by, "relay");
  EXPECT_TRUE(Eventually([this] { return told_.Reached() == std::vector<bool>{true, false}; }));
  ca_->Start();
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; }));
}

TEST_F(RelayLife, AConnectionThatIsLostIsMadeAgain) {
  Start();
  EXPECT_EQ(CallCode(), OK);
  ca_->Stop();
  ca_->Start();
  EXPECT_TRUE(Eventually([this] { return CallCode() == OK; }));
}

TEST_F(RelayLife, ACaThatIsNotTheRightOneIsAway) {
  ca_roots_ = root_.CertificatePem();
  Start();
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  EXPECT_TRUE(ca_->Calls().empty());
}

TEST_F(RelayLife, AServerThatSaysNothingIsAway) {
  const MuteServer mute;
  Start({.ca = {.address = mute.address()}});
  EXPECT_TRUE(Eventually([this] { return told_.Reached() == std::vector<bool>{false}; }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << "not when it has tried once more";
}

TEST_F(RelayLife, ACaThatHangsIsAwayToo) {
  Start({.longest = std::chrono::milliseconds(200)});
  ca_->Hang();
  EXPECT_EQ(CallCode(), UNAVAILABLE);
}

TEST_F(RelayLife, ListensFromTheFirstCertificateOn) {
  Make();
  EXPECT_TRUE(relay_->ports().empty());
  ASSERT_THAT(relay_->Use(IdentityOf(node_)), IsOk());
  EXPECT_EQ(CallCode(), OK);
}

TEST_F(RelayLife, ACertificateThatHasEndedCarriesNothing) {
  Start();
  EXPECT_EQ(CallCode(), OK);
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(CallCode(), UNAVAILABLE);
  EXPECT_EQ(ca_->Calls().size(), 1U);
}

TEST_F(RelayLife, ARenewedCertificateIsShownBothWaysWithoutAnEnd) {
  Start();
  const auto open = Channel(root_);
  grpc::ClientContext before;
  EXPECT_TRUE(Call(before, open).status.ok());
  const Identity new_root = rootkeep::testing::MakeCa("the next CA");
  const Identity renewed = MakeNode(new_root);
  ASSERT_THAT(relay_->Use(IdentityOf(renewed)), IsOk());
  grpc::ClientContext after;
  EXPECT_TRUE(Call(after, open).status.ok()) << "on the connection that was there";
  EXPECT_EQ(ca_->Calls().back().client_certificate, renewed.CertificatePem());
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext context;
    return Call(context, Channel(new_root)).status.ok();
  }));
}

TEST_F(RelayLife, ACertificateOfAnotherKeyChangesNothing) {
  Start();
  NodeIdentity mixed = IdentityOf(node_);
  mixed.key_pem = MakeNode(root_).KeyPem();
  EXPECT_THAT(relay_->Use(mixed), HasCode(Code::kFailedPrecondition));
  mixed.key_pem = "no key";
  EXPECT_THAT(relay_->Use(mixed), HasCode(Code::kFailedPrecondition));
  EXPECT_EQ(CallCode(), OK);
}

TEST_F(RelayLife, AnAddressThatIsTakenIsAnErrorUntilItIsFree) {
  auto first = std::make_unique<Relay>(RelayOptions{.addresses = {"127.0.0.1:0"}, .ca = {.address = ca_->address()}},
                                       told_, clock_);
  ASSERT_THAT(first->Use(IdentityOf(node_)), IsOk());
  Relay second({.addresses = {"127.0.0.1:" + std::to_string(first->ports().at(0))}, .ca = {.address = ca_->address()}},
               told_, clock_);
  EXPECT_THAT(second.Use(IdentityOf(node_)), HasCode(Code::kUnavailable));
  first.reset();
  EXPECT_THAT(second.Use(IdentityOf(node_)), IsOk());
}

TEST_F(RelayLife, NothingBeginsOnceItIsDrained) {
  Make();
  relay_->Drain({});
  EXPECT_THAT(relay_->Use(IdentityOf(node_)), IsOk());
  EXPECT_TRUE(relay_->ports().empty());
}

TEST_F(RelayLife, CallsUnderWayEndBeforeIt) {
  Start();
  ca_->Hang();
  std::jthread hanging([this] { EXPECT_EQ(CallCode(), OK); });
  ASSERT_TRUE(Eventually([this] { return ca_->Calls().size() == 1; }));
  std::jthread answering([this] { ca_->Hang(false); });
  relay_->Drain(std::chrono::seconds(30));
}

}  // namespace
}  // namespace rootkeep::relay
