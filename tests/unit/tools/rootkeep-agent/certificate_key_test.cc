// Which key a certificate is for, whatever becomes of that.
#include "tests/support/eventually.h"
#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

TEST_F(CertificateKeeperTest, AKeyThatMaySignNothingIsNotCertified) {
  const auto keeper = Start();
  keeper->Round();
  permitted = FailedPrecondition("the catalogue said so before it was lost");
  for (int i = 0; i < 20; ++i) {
    keeper->Round();
    clock.Advance(seconds(1));
  }
  EXPECT_EQ(ca.asked, 1);
  EXPECT_LE(told.failures.size(), 5U);
  permitted = Ok();
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
}

TEST_F(CertificateKeeperTest, ARetiredKeyIsFollowedByTheNextGeneration) {
  const auto keeper = Start();
  keeper->Round();
  const PublicKey first = Certified();
  ASSERT_THAT(Catalogue()->Retire("rk/app/web/1", clock.Now()), IsOk());
  keeper->Round();
  EXPECT_EQ(ca.asked, 2) << "at once: the old one signs nothing any more";
  EXPECT_FALSE(ca.shown) << "not in TLS either";
  EXPECT_NE(Certified(), first);
  ASSERT_OK_AND_ASSIGN(const auto row, Catalogue()->Find("rk/app/web/2"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->key->public_key, Certified());
}

TEST_F(CertificateKeeperTest, AKeyThatIsMissingIsNotReplaced) {
  Start()->Round();
  const auto token = hsm.OpenStore();
  ASSERT_OK_AND_ASSIGN(const auto keys, token->List(After(seconds(30))));
  ASSERT_THAT(token->deleter()->Delete(keys.front().uri, After(seconds(30))), IsOk());
  const auto keeper = Start();
  keeper->Round();
  EXPECT_FALSE(keeper->not_after());
  EXPECT_EQ(ca.asked, 1);
  ASSERT_OK_AND_ASSIGN(const auto left, token->List(After(seconds(30))));
  EXPECT_TRUE(left.empty());
  // An operator decides.
  ASSERT_THAT(Catalogue()->Retire("rk/app/web/1", clock.Now()), IsOk());
  clock.Advance(minutes(5));
  keeper->Round();
  EXPECT_TRUE(keeper->not_after());
  EXPECT_TRUE(Catalogue()->Find("rk/app/web/2").value().has_value());
}

TEST_F(CertificateKeeperTest, ATokenThatIsAwayIsWaitedFor) {
  Start()->Round();
  store.reset();
  hsm.UnloadModule();
  hsm.TakeAway();
  const auto keeper = Start();
  keeper->Round();
  EXPECT_FALSE(keeper->not_after());
  EXPECT_NE(Read(config.chain_file), "") << "what is there stays";
  hsm.GiveBack();
  // As the agent's minder does all the time.
  EXPECT_TRUE(testing::Eventually([this] { return store->health()->Probe(After(seconds(30))).ok(); }));
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_TRUE(keeper->not_after());
  EXPECT_EQ(ca.asked, 1);
}

}  // namespace
}  // namespace rootkeep::agent
