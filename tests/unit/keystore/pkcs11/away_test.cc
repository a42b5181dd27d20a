// The token is absent at the start, or taken away and given back.
#include <atomic>
#include <thread>

#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SoftHsm;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class AwayTest : public TokenFixture {
 protected:
  // Whether the loss has been noticed: the first signatures after it may still come from a session copy of the key.
  bool NoticedAway() {
    return Eventually([this] { return !Sign().ok(); });
  }
};

TEST_F(AwayTest, CallsFailQuicklyAndServeAgainWithinASecond) {
  hsm.TakeAway();
  ASSERT_TRUE(NoticedAway());
  const auto began = steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    const auto away = Sign(After(seconds(5)));
    ASSERT_THAT(away, HasCode(Code::kUnavailable));
  }
  EXPECT_LT(steady_clock::now() - began, seconds(2));
  EXPECT_THAT(store->health()->Probe(Soon()), HasCode(Code::kUnavailable));
  EXPECT_THAT(store->Open(info->uri, Soon()), HasCode(Code::kUnavailable));
  EXPECT_THAT(store->List(Soon()), HasCode(Code::kUnavailable));
  EXPECT_THAT(store->Create({.name = "other"}, Soon()), HasCode(Code::kUnavailable));

  hsm.GiveBack();
  const auto returned = steady_clock::now();
  ASSERT_TRUE(Eventually([this] { return store->health()->Probe(Soon()).ok(); }));
  EXPECT_THAT(SignAndVerify(), IsOk());
  EXPECT_LT(steady_clock::now() - returned, seconds(1));
}

TEST_F(AwayTest, ASignatureBringsTheTokenBackWithoutAProbe) {
  hsm.TakeAway(SoftHsm::kLabel);
  ASSERT_TRUE(NoticedAway());
  EXPECT_THAT(Sign(), HasReason("token_absent"));
  hsm.GiveBack(SoftHsm::kLabel);
  EXPECT_TRUE(Eventually([this] { return SignAndVerify().ok(); }));
}

TEST_F(AwayTest, AProbeNoticesALossThatNoSignatureDid) {
  EXPECT_THAT(store->health()->Probe(Soon()), IsOk());
  hsm.TakeAway();
  EXPECT_THAT(store->health()->Probe(Soon()), HasCode(Code::kUnavailable));
  EXPECT_THAT(Sign(), HasCode(Code::kUnavailable));
  hsm.GiveBack();
}

TEST_F(AwayTest, AnAwayTokenIsNotAMissingKey) {
  hsm.TakeAway(SoftHsm::kLabel);
  EXPECT_THAT(store->Open(info->uri, Soon()), HasCode(Code::kUnavailable));
  hsm.GiveBack(SoftHsm::kLabel);
  EXPECT_TRUE(Eventually([this] { return store->Open(info->uri, Soon()).ok(); }));
}

TEST_F(AwayTest, UnderLoadEverySignatureIsGoodAndEveryErrorIsUnavailable) {
  constexpr int kThreads = 4;
  std::atomic<unsigned> signatures{0};
  std::atomic<unsigned> refusals{0};
  std::atomic<unsigned> faults{0};
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const auto began = steady_clock::now();
        const auto signature = Sign(After(seconds(5)));
        const bool quick = steady_clock::now() - began < seconds(3);
        const bool good = signature.ok()
                              ? info->public_key.Verify(SignatureScheme::kEcdsaSha256, digest, *signature).ok()
                              : signature.error().code() == Code::kUnavailable;
        if (!good || !quick) ++faults;
        ++(signature.ok() ? signatures : refusals);
      }
    });
  }
  for (int round = 0; round < 5; ++round) {
    const unsigned before = signatures;
    ASSERT_TRUE(Eventually([&] { return signatures > before + 50; })) << "round " << round;
    hsm.TakeAway();
    const unsigned refused = refusals;
    ASSERT_TRUE(Eventually([&] { return refusals > refused + 50; })) << "round " << round;
    hsm.GiveBack();
  }
  const unsigned before = signatures;
  EXPECT_TRUE(Eventually([&] { return signatures > before + 50; }));
  threads.clear();
  EXPECT_EQ(faults, 0U);
}

TEST(AbsentAtStart, StoreOpensAndServesWhenTheTokenAppears) {
  SoftHsm hsm;
  hsm.TakeAway();
  const auto store = hsm.OpenStore();
  EXPECT_THAT(store->health()->Probe(Soon()), HasReason("module_down"));
  EXPECT_THAT(store->Open({.object_label = "x"}, Soon()), HasCode(Code::kUnavailable));
  hsm.GiveBack();
  const auto returned = steady_clock::now();
  ASSERT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).ok(); }));
  EXPECT_LT(steady_clock::now() - returned, seconds(1));
  EXPECT_THAT(store->Create({.name = "first"}, Soon()), IsOk());
}

TEST(TwoTokens, OneThatIsAwayDoesNotStopTheOther) {
  SoftHsm hsm(rootkeep::testing::ProbeModulePath());
  hsm.AddToken("second");
  const auto first = hsm.OpenStore();
  const auto second = hsm.OpenStore("second");
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, second->Create({.name = "key"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, second->Open(made.uri, Soon()));
  ASSERT_THAT(first->health()->Probe(Soon()), IsOk());
  rootkeep::testing::Probe& probe = rootkeep::testing::LoadedProbe();
  probe.Reset();
  hsm.TakeAway(SoftHsm::kLabel);
  const Bytes digest(32, 7);
  const Deadline end = After(milliseconds(1500));
  while (steady_clock::now() < end) {
    EXPECT_THAT(first->health()->Probe(Soon()), HasCode(Code::kUnavailable));
    ASSERT_THAT(signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()), IsOk());
  }
  // The other token is not made to log in again and again for the one that is away.
  EXPECT_LE(probe[Call::kInitialize].calls, 1U);
  hsm.GiveBack(SoftHsm::kLabel);
}

// The module was reinitialised a moment ago and the other token is in use, so it is not done again for the missing key.
TEST(TwoTokens, AMissingKeyOfOneDoesNotStopItsOtherKeys) {
  SoftHsm hsm;
  hsm.AddToken("second");
  ASSERT_THAT(hsm.module()->Reinitialise(hsm.module()->epoch(), Soon()), IsOk());
  const auto store = hsm.OpenStore();
  const auto other = hsm.OpenStore("second");
  ASSERT_OK_AND_ASSIGN(const KeyInfo gone, store->Create({.name = "gone"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const KeyInfo kept, store->Create({.name = "kept"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto missing, store->Open(gone.uri, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(kept.uri, Soon()));
  ASSERT_THAT(other->health()->Probe(Soon()), IsOk());
  ASSERT_THAT(store->deleter()->Delete(gone.uri, Soon()), IsOk());
  const Bytes digest(32, 7);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(missing->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()), HasReason("key_missing"));
    ASSERT_THAT(signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()), IsOk());
  }
}

}  // namespace
}  // namespace rootkeep::pkcs11
