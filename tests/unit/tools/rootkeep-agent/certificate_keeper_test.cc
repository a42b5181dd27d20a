// A certificate kept fresh.
#include <sys/stat.h>

#include <deque>
#include <set>

#include "providers/openssl/reference.h"
#include "signer/der/pem.h"
#include "tests/support/eventually.h"
#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

TEST_F(CertificateKeeperTest, MakesTheKeyAndWritesWhatAProgramNeeds) {
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(keeper->not_after(), FromUnixSeconds(kStart + 3600));
  EXPECT_EQ(ca.names, "spiffe://cluster.local/ns/demo/sa/web, web.test, 192.0.2.1");
  EXPECT_EQ(Read(config.bundle_file), ca.root.CertificatePem());
  EXPECT_EQ(reloads, 1);
  ASSERT_OK_AND_ASSIGN(const auto row, Catalogue()->Find("rk/app/web/1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, KeyState::kActive);
  EXPECT_EQ(row->key->public_key, Certified());
  // As rootkeep.so reads it.
  ASSERT_OK_AND_ASSIGN(const Bytes der, der::FirstPemBlock(Read(config.key_file)));
  EXPECT_TRUE(Read(config.key_file).starts_with(std::string("-----BEGIN ") + provider::kReferenceLabel));
  provider::KeyReference reference;
  ASSERT_TRUE(provider::ParseReference(der, reference));
  EXPECT_EQ(reference.socket, config.socket_path);
  EXPECT_EQ(reference.uri.substr(0, 10), "keysocket:");
  ASSERT_TRUE(reference.fingerprint);
  EXPECT_EQ(ToBytes(*reference.fingerprint), Certified().fingerprint());
  for (const std::string& path : {config.chain_file, config.bundle_file, config.key_file}) {
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640U) << path;
  }
}

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

TEST_F(CertificateKeeperTest, FilesThatDoNotFitAreMadeAnew) {
  Start()->Round();
  ASSERT_THAT(WriteFileAtomically(config.key_file, "something else\n", 0600), IsOk());
  Start()->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_THAT(Read(config.key_file), ::testing::StartsWith("-----BEGIN ROOTKEEP KEY REFERENCE-----"));
  ASSERT_EQ(unlink(config.bundle_file.c_str()), 0);
  Start()->Round();
  EXPECT_EQ(ca.asked, 3);
  ASSERT_THAT(WriteFileAtomically(config.chain_file, ca.root.CertificatePem(), 0600), IsOk());
  Start()->Round();
  EXPECT_EQ(ca.asked, 4);
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

TEST_F(CertificateKeeperTest, AReloadThatFailsIsTriedAgainAndRemembered) {
  reload_result = FailedPrecondition("it ended with status 1");
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(reloads, 1);
  keeper->Round();
  EXPECT_EQ(reloads, 1) << "not again at once";
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_EQ(reloads, 2);
  reload_result = Ok();
  Start()->Round();
  EXPECT_EQ(reloads, 3) << "also by the next agent";
  Start()->Round();
  EXPECT_EQ(reloads, 3);
  EXPECT_EQ(ca.asked, 1);
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
