// One queue in front of a token: what waits in it, what it keeps from the token, and who is told to come back.
#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/unit/keystore/pkcs11/token_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::Call;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class QueueTest : public TokenFixture {
 protected:
  void SetUp() override {
    TokenFixture::SetUp();
    ASSERT_THAT(Sign(), IsOk());
    probe->Reset();
  }

  std::shared_ptr<const Signer> AnotherKey(KeyType type) {
    const auto made =
        store->Create({.type = type, .use = KeyUse::kApp, .name = std::string(KeyTypeName(type))}, Soon());
    EXPECT_THAT(made, IsOk());
    const auto opened = store->Open(made->uri, Soon());
    EXPECT_THAT(opened, IsOk());
    return *opened;
  }

  Result<Bytes> SignFor(const Share& share, SignTimes* times, Deadline deadline) {
    return signer->SignFor({.deadline = deadline, .share = share, .times = times}, SignatureScheme::kEcdsaSha256,
                           digest);
  }

  // Somebody whose C_Sign does not return until Release.
  std::jthread Hang() {
    probe->Stall(Call::kSign);
    std::jthread hung([this] { EXPECT_THAT(Sign(), IsOk()); });
    probe->AwaitStalled(Call::kSign);
    return hung;
  }
};

TEST_F(QueueTest, WhatExpiresInTheQueueNeverReachesTheToken) {
  std::jthread hung = Hang();
  std::vector<std::jthread> waiting;
  waiting.reserve(3);
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back([this] { EXPECT_THAT(Sign(After(milliseconds(50))), HasReason("deadline")); });
  }
  waiting.clear();
  probe->Release(Call::kSign);
  hung.join();
  EXPECT_EQ(Calls(Call::kSignInit), 1U);
  EXPECT_EQ(Calls(Call::kSign), 1U);
}

TEST_F(QueueTest, TheKeysOfATokenShareIt) {
  const auto other = AnotherKey(KeyType::kEcP256);
  const auto rsa = AnotherKey(KeyType::kRsa2048);
  probe->Reset();
  std::jthread hung = Hang();
  EXPECT_THAT(other->Sign(SignatureScheme::kEcdsaSha256, digest, After(milliseconds(50))), HasReason("deadline"));
  EXPECT_THAT(rsa->Sign(SignatureScheme::kRsaPkcs1Sha256, digest, After(milliseconds(50))), HasReason("deadline"));
  EXPECT_EQ(Calls(Call::kSignInit), 1U);
  probe->Release(Call::kSign);
}

// Without the cap, more are on trial within a second here. One caller's own may share the processors all the same.
TEST_F(QueueTest, AModuleThatComputesHereNeverGetsMoreSignersThanProcessors) {
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const auto rsa = AnotherKey(KeyType::kRsa2048);
  std::atomic<bool> beyond = false;
  std::atomic<bool> shared = false;
  const auto end = After(seconds(2));
  const auto patience = After(seconds(60));
  std::vector<std::jthread> callers;
  for (unsigned i = 0; i < processors + 6; ++i) {
    callers.emplace_back([&] {
      while (steady_clock::now() < (shared ? end : patience)) {
        EXPECT_THAT(rsa->Sign(SignatureScheme::kRsaPkcs1Sha256, digest, Soon()), IsOk());
        if (rsa->Concurrency() > processors) beyond = true;
        if (rsa->Places() > processors) shared = true;
      }
    });
  }
  callers.clear();
  EXPECT_FALSE(beyond);
  EXPECT_TRUE(shared);
}

TEST_F(QueueTest, AnsweringWhatTheTokenIsTakesNoTurn) {
  std::jthread hung = Hang();
  EXPECT_THAT(store->health()->Probe(After(seconds(5))), IsOk());
  EXPECT_THAT(store->List(After(seconds(5))), IsOk());
  probe->Release(Call::kSign);
}

TEST_F(QueueTest, ACallerWaitsByItsOwnUrgency) {
  store = hsm.OpenStore(rootkeep::testing::SoftHsm::kLabel, {.max_waiting = 2});
  ASSERT_OK_AND_ASSIGN(signer, store->Open(info->uri, Soon()));
  ASSERT_THAT(Sign(), IsOk());
  std::jthread hung = Hang();
  std::jthread waiting([this] { EXPECT_THAT(Sign(), IsOk()); });
  // Half of the places are taken, more than which bulk work does not get.
  ASSERT_TRUE(Eventually([this] {
    const auto bulk = SignFor({.priority = Priority::kBulk, .flow = "a"}, nullptr, After(milliseconds(20)));
    return bulk.error().reason() == "queue_full" && bulk.error().retry_after();
  }));
  EXPECT_THAT(SignFor({.priority = Priority::kIssuance, .flow = "a"}, nullptr, After(milliseconds(20))),
              HasReason("deadline"));
  probe->Release(Call::kSign);
}

TEST_F(QueueTest, ACallerIsToldWhereTheTimeWent) {
  const Share share{};
  SignTimes idle;
  ASSERT_THAT(SignFor(share, &idle, Soon()), IsOk());
  EXPECT_EQ(idle.queued.count(), 0);
  EXPECT_GT(idle.device.count(), 0);

  std::jthread hung = Hang();
  SignTimes waited;
  const auto began = steady_clock::now();
  std::jthread waiter([&] { EXPECT_THAT(SignFor(share, &waited, Soon()), IsOk()); });
  ASSERT_TRUE(Eventually([&] { return steady_clock::now() - began > milliseconds(300); }));
  probe->Release(Call::kSign);
  waiter.join();
  EXPECT_GT(waited.queued, milliseconds(100));
  EXPECT_LT(waited.device, waited.queued);
}

TEST_F(QueueTest, WhileTheTokenIsAwayOneCallerLooksForItAndTheOthersAreRefusedAtOnce) {
  hsm.TakeAway();
  ASSERT_TRUE(Eventually([this] { return !Sign().ok(); }));
  probe->Reset();
  probe->Stall(Call::kInitialize);
  std::jthread looking(
      [this] { EXPECT_TRUE(Eventually([this] { return !Sign().ok() && Calls(Call::kInitialize) > 0; })); });
  probe->AwaitStalled(Call::kInitialize);
  const unsigned looks = Calls(Call::kInitialize);
  const auto began = steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    const auto refused = Sign();
    EXPECT_THAT(refused, HasCode(Code::kUnavailable));
    EXPECT_TRUE(refused.error().retry_after());
  }
  EXPECT_LT(steady_clock::now() - began, seconds(1));
  EXPECT_EQ(Calls(Call::kInitialize), looks);
  EXPECT_EQ(Calls(Call::kSign), 0U);
  probe->Release(Call::kInitialize);
  looking.join();
  hsm.GiveBack();
  EXPECT_TRUE(Eventually([this] { return SignAndVerify().ok(); }));
}

TEST_F(QueueTest, AKeyThatKeepsFailingIsLeftAloneBetweenTries) {
  const auto other = AnotherKey(KeyType::kEcP256);
  probe->Reset();
  probe->Fail(Call::kSign, CKR_DEVICE_ERROR, 3);
  EXPECT_THAT(Sign(), HasCode(Code::kUnavailable));
  EXPECT_EQ(Calls(Call::kSign), 3U);
  const auto refused = Sign();
  EXPECT_THAT(refused, HasCode(Code::kUnavailable));
  ASSERT_TRUE(refused.error().retry_after());
  EXPECT_EQ(Calls(Call::kSign), 3U) << "the token was not asked again so soon";
  // Which is no reason to refuse another key.
  EXPECT_THAT(other->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()), IsOk());
  const auto began = steady_clock::now();
  EXPECT_TRUE(Eventually([this] { return SignAndVerify().ok(); }));
  EXPECT_LT(steady_clock::now() - began, seconds(1));
}

TEST_F(QueueTest, AFaultOfTheCallersIsNoReasonToRefuseOthers) {
  probe->Fail(Call::kSign, CKR_DATA_LEN_RANGE);
  EXPECT_THAT(Sign(), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(SignAndVerify(), IsOk());
}

}  // namespace
}  // namespace rootkeep::pkcs11
