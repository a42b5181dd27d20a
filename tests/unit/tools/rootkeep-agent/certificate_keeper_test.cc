// A certificate kept fresh.
#include <deque>
#include <set>

#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

TEST_F(CertificateKeeperTest, RenewsBeforeTheEndWithTheSameKey) {
  const auto keeper = Start();
  keeper->Round();
  const PublicKey key = Certified();
  clock.Advance(minutes(29));
  keeper->Round();
  EXPECT_EQ(ca.asked, 1) << "not in the first half of its life";
  EXPECT_EQ(reloads, 1);
  clock.Advance(minutes(11));
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_EQ(keeper->not_after(), FromUnixSeconds(kStart + 40 * 60 + 3600));
  EXPECT_EQ(Certified(), key);
  EXPECT_EQ(reloads, 2);
}

TEST_F(CertificateKeeperTest, TheMomentOfRenewalIsSpread) {
  const WallTime begin = FromUnixSeconds(kStart);
  EXPECT_EQ(RenewalTime(begin, begin + hours(100), 0), begin + hours(50));
  EXPECT_EQ(RenewalTime(begin, begin + hours(100), 1), begin + hours(65));
  std::set<WallTime> moments;
  for (int i = 0; i <= 4; ++i) moments.insert(RenewalTime(begin, begin + hours(100), i / 4.0));
  EXPECT_EQ(moments.size(), 5U);
}

TEST_F(CertificateKeeperTest, ACaMayWantToBeAskedSooner) {
  ca.renew_by = FromUnixSeconds(kStart) + minutes(10);
  const auto keeper = Start();
  keeper->Round();
  clock.Advance(minutes(9));
  keeper->Round();
  EXPECT_EQ(ca.asked, 1);
  clock.Advance(minutes(1));
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  ca.renew_by = clock.Now() + hours(24);
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 3);
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 4) << "never later than by its life";
}

TEST_F(CertificateKeeperTest, AProofThatIsAlwaysAskedForIsGivenEachTime) {
  ca.takes_certificates = false;
  const auto keeper = Start();
  keeper->Round();
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_FALSE(ca.shown);
  EXPECT_EQ(ca.key_label, "rk/app/web/1");
  EXPECT_EQ(told.renewals, (std::vector<std::string>{"attestation", "attestation"}));
}

TEST_F(CertificateKeeperTest, AnAgentThatWasOffForLongerThanTheCertificateLivedRecoversByItself) {
  Start()->Round();
  const std::string before = Read(config.chain_file);
  clock.Advance(hours(24 * 30));
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_NE(Read(config.chain_file), before);
  EXPECT_FALSE(ca.shown) << "by its token: the certificate is worth nothing";
  EXPECT_EQ(keeper->not_after(), clock.Now() + hours(1));
  EXPECT_EQ(reloads, 2);
  EXPECT_EQ(Catalogue()->List()->size(), 1U) << "with the key that it had";
}

TEST_F(CertificateKeeperTest, OneThatRanAllTheTimeRecoversToo) {
  const auto keeper = Start();
  keeper->Round();
  ca.down = Unavailable("the CA is away");
  for (int day = 0; day < 30; ++day) {
    clock.Advance(hours(24));
    keeper->Round();
  }
  EXPECT_LT(*keeper->not_after(), clock.Now());
  ca.down = Ok();
  clock.Advance(minutes(5));
  keeper->Round();
  EXPECT_FALSE(ca.shown);
  EXPECT_EQ(keeper->not_after(), clock.Now() + hours(1));
}

TEST_F(CertificateKeeperTest, ARestartAsksForNothingThatIsThere) {
  Start()->Round();
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(ca.asked, 1);
  EXPECT_EQ(reloads, 1) << "what was reloaded is on record";
  EXPECT_EQ(keeper->not_after(), FromUnixSeconds(kStart + 3600));
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
}

// The next agent is to be somebody else.
TEST_F(CertificateKeeperTest, ACertificateOfAnotherNameIsNotTakenUp) {
  Start()->Round();
  config.identities = {GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/other")};
  Start()->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_EQ(ca.names, "spiffe://cluster.local/ns/demo/sa/other");
  EXPECT_EQ(told.missing, "spiffe://cluster.local/ns/demo/sa/other") << "what this CA gives is another";
}

TEST_F(CertificateKeeperTest, TellsWhichNamesTheCaDidNotGive) {
  Start()->Round();
  EXPECT_EQ(told.missing, "web.test, 192.0.2.1");
  EXPECT_EQ(reloads, 1) << "it is used all the same: what it holds is the CA's decision";
  config.identities = {GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/web")};
  Start()->Round();
  EXPECT_EQ(told.missing, "");
}

// Most of their life is over when they come: backdated far, or given once more.
TEST_F(CertificateKeeperTest, OldCertificatesAreNotAskedForWithoutEnd) {
  ca.age = minutes(50);
  const auto keeper = Start();
  for (int i = 0; i < 270; ++i) {
    keeper->Round();
    keeper->Round();
    clock.Advance(seconds(1));
  }
  EXPECT_EQ(ca.asked, 1) << "half of what was left is not over";
  ca.age = minutes(60) - seconds(1);
  PassRenewalTime();
  ca.asked = 0;
  for (int i = 0; i < 20; ++i) keeper->Round();
  EXPECT_EQ(ca.asked, 1) << "not twice in a second";
}

TEST_F(CertificateKeeperTest, WhatIsEndedByAStopIsNoFailure) {
  const auto keeper = Start();
  keeper->Round();
  ca.down = Error(Code::kCancelled, "the call was ended");
  PassRenewalTime();
  stop.request_stop();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2) << "with its certificate; a token is not shown any more";
  EXPECT_TRUE(told.failures.empty());
}

TEST_F(CertificateKeeperTest, WaitsLongerAfterEachFailureButNeverLong) {
  const auto keeper = Start();
  ca.down = Unavailable("the CA is away");
  keeper->Round();
  keeper->Round();
  EXPECT_EQ(ca.asked, 1) << "not again at once";
  std::deque<int> tries;
  for (int second = 1; second <= 3600; ++second) {
    clock.Advance(seconds(1));
    const int before = ca.asked;
    keeper->Round();
    if (ca.asked != before) tries.push_back(second);
  }
  ASSERT_GE(tries.size(), 12U);
  EXPECT_LE(tries.size(), 30U);
  EXPECT_LE(tries[0], 2);
  for (std::size_t i = 1; i < tries.size(); ++i) EXPECT_LE(tries[i] - tries[i - 1], 300);
  EXPECT_GT(tries.back() - tries[tries.size() - 2], 200);
  // A clock that is put back far does not make it wait for all that time.
  clock.Advance(-hours(48));
  ca.down = Ok();
  keeper->Round();
  EXPECT_TRUE(keeper->not_after());
}

TEST_F(CertificateKeeperTest, AnAnswerThatCannotBeUsedReplacesNothing) {
  const auto keeper = Start();
  keeper->Round();
  const std::string before = Read(config.chain_file);
  ca.for_another_key = true;
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_EQ(Read(config.chain_file), before);
  EXPECT_EQ(reloads, 1);
}

TEST_F(CertificateKeeperTest, TellsHowItIs) {
  const auto keeper = Start();
  ca.down = Unavailable("the CA is away");
  keeper->Round();
  EXPECT_THAT(told.failures, ::testing::ElementsAre("renewal"));
  EXPECT_THAT(told.trouble.value(), ::testing::HasSubstr("the CA is away"));
  EXPECT_FALSE(told.not_after);
  ca.down = Ok();
  reload_result = FailedPrecondition("it ended with status 1");
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_EQ(told.trouble, "");
  EXPECT_EQ(told.not_after, keeper->not_after());
  EXPECT_THAT(told.renewals, ::testing::ElementsAre("token"));
  EXPECT_THAT(told.failures, ::testing::ElementsAre("renewal", "reload"));
  PassRenewalTime();
  keeper->Round();
  EXPECT_THAT(told.renewals, ::testing::ElementsAre("token", "certificate"));
  EXPECT_EQ(told.not_after, clock.Now() + hours(1));
  // A failure is no trouble while there is a certificate.
  ca.down = Unavailable("the CA is away");
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(told.trouble, "");
  EXPECT_THAT(told.failures, ::testing::ElementsAre("renewal", "reload", "reload", "proof", "renewal", "reload"));
  clock.Advance(hours(1));
  keeper->Round();
  EXPECT_THAT(told.trouble.value(), ::testing::HasSubstr("the CA is away"));
  // The next agent tells what it finds.
  told.not_after.reset();
  clock.Advance(-hours(1));
  Start()->Round();
  EXPECT_TRUE(told.not_after);
  EXPECT_EQ(told.renewals.size(), 2U);
}

}  // namespace
}  // namespace rootkeep::agent
