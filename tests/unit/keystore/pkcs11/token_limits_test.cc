// What a token says of itself is kept to: the tries that its PIN has left, and how many sessions it has.
#include <p11-kit/pkcs11.h>

#include <atomic>
#include <thread>
#include <vector>

#include "keystore/pkcs11/token.h"
#include "keystore/pkcs11/write_session.h"
#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;
using rootkeep::testing::SoftHsm;

class TokenLimits : public ::testing::Test {
 protected:
  void SetUp() override {
    TheChaos().Clear();
    tries_before_ = TheChaos().Faults("refuse-pin").size();
    refusals_before_ = SessionRefusals();
  }
  void TearDown() override { TheChaos().Clear(); }

  // How often a PIN was sent, by whomever.
  [[nodiscard]] std::size_t Tries() const { return TheChaos().Faults("refuse-pin").size() - tries_before_; }

  // How often the token has said that it has no more sessions.
  static std::size_t SessionRefusals() { return TheChaos().Faults("session-limit").size(); }

  // As after `rootkeep pin unlatch`.
  void Unlatch() {
    ASSERT_OK_AND_ASSIGN(const auto use, hsm_.module()->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    ASSERT_THAT(hsm_.module()->pins().Forget(token.device), IsOk());
  }
  // As another program does.
  void SendWrongPin() {
    ASSERT_OK_AND_ASSIGN(const auto use, hsm_.module()->Enter(Soon()));
    ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
    CK_SESSION_HANDLE session = 0;
    ASSERT_EQ(use->C_OpenSession(token.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session), CKR_OK);
    Bytes wrong(6, '0');
    EXPECT_EQ(use->C_Login(session, CKU_USER, wrong.data(), wrong.size()), CKR_PIN_INCORRECT);
    EXPECT_EQ(use->C_CloseSession(session), CKR_OK);
  }

  SoftHsm hsm_{ChaosPath()};
  std::size_t tries_before_ = 0;
  std::size_t refusals_before_ = 0;
};

// Whatever an operator says of it: if it is wrong, the key cannot be used any more.
TEST_F(TokenLimits, NoPinIsSentThatWouldBeTheLast) {
  TheChaos().Set("refuse-pin attempts=2");
  const auto store = hsm_.OpenStore();
  EXPECT_THAT(store->health()->Probe(Soon()), HasReason("pin_latched"));
  ASSERT_EQ(Tries(), 1U);
  ASSERT_NO_FATAL_FAILURE(Unlatch());
  for (int i = 0; i < 3; ++i) {
    const auto kept = hsm_.OpenStore()->health()->Probe(Soon());
    EXPECT_THAT(kept, HasReason("pin_latched"));
    EXPECT_THAT(kept, Says("one more wrong PIN would lock the token"));
  }
  EXPECT_EQ(Tries(), 1U);
  // The counter is reset by a login with the right one.
  TheChaos().Clear();
  EXPECT_TRUE(Eventually([&store] { return store->health()->Probe(Soon()).ok(); }));
}

TEST_F(TokenLimits, NoPinIsSentToALockedToken) {
  TheChaos().Set("refuse-pin attempts=2");
  ASSERT_NO_FATAL_FAILURE(SendWrongPin());
  ASSERT_NO_FATAL_FAILURE(SendWrongPin());
  const auto kept = hsm_.OpenStore()->health()->Probe(Soon());
  EXPECT_THAT(kept, HasReason("pin_latched"));
  EXPECT_THAT(kept, Says("the token's user PIN is locked"));
  EXPECT_EQ(Tries(), 2U);
}

// Other programs had the others for a while.
TEST_F(TokenLimits, SessionsThatComeBackAreUsedAgain) {
  const std::string slow = "delay C_Sign 5ms workers=16 quiet";
  TheChaos().Set(slow + "\nsession-limit 3");
  const auto store = hsm_.OpenStore();
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.name = "key"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  std::atomic<unsigned> refused{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&](const std::stop_token& stop) {
      const Bytes digest(32, 7);
      while (!stop.stop_requested()) {
        const auto signature = signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon());
        if (!signature.ok() && signature.error().reason() == "sessions") ++refused;
      }
    });
  }
  ASSERT_TRUE(Eventually([&refused] { return refused > 0; }));
  EXPECT_LE(signer->Concurrency(), 2U);
  TheChaos().Set(slow);
  EXPECT_TRUE(Eventually([&] { return store->health()->Probe(Soon()).ok() && signer->Concurrency() > 4; }));
}

// Who signs leaves a session for who makes a key; the token is never asked for more than it has.
TEST_F(TokenLimits, SessionsAreLeftForMakingKeys) {
  TheChaos().Set("session-limit 5 announced\ndelay C_Sign 5ms workers=16 quiet");
  const auto store = hsm_.OpenStore();
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.name = "key"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  std::atomic<unsigned> errors{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&](const std::stop_token& stop) {
      const Bytes digest(32, 7);
      while (!stop.stop_requested()) {
        if (!signer->Sign(SignatureScheme::kEcdsaSha256, digest, Soon()).ok()) ++errors;
      }
    });
  }
  // One is logged in with, and one left.
  EXPECT_TRUE(Eventually([&signer] { return signer->Concurrency() == 3; }));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(store->Create({.name = "key" + std::to_string(i)}, Soon()), IsOk());
  callers.clear();
  EXPECT_EQ(errors, 0U);
  EXPECT_EQ(SessionRefusals(), refusals_before_);
}

// Of a token that does not say how many it has, signing has taken all.
TEST_F(TokenLimits, WhatOthersNeedIsNotKept) {
  const std::string limit = "session-limit 5";
  TheChaos().Set(limit + "\ndelay C_Sign 5ms workers=16 quiet");
  const auto store = hsm_.OpenStore();
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.name = "key"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) (void)signer->Sign(SignatureScheme::kEcdsaSha256, Bytes(32, 7), Soon());
    });
  }
  ASSERT_TRUE(Eventually([this] { return SessionRefusals() > refusals_before_; }));
  callers.clear();
  EXPECT_THAT(store->Create({.name = "another"}, Soon()), IsOk()) << "an idle one makes room";
  TheChaos().Set(limit);
  const std::size_t refused = SessionRefusals();
  EXPECT_TRUE(Eventually([&] { return store->health()->Probe(Soon()).ok() && SessionRefusals() > refused; }))
      << "one more is all there is";
  EXPECT_EQ(signer->Concurrency(), 3U);
  ASSERT_OK_AND_ASSIGN(const auto use, hsm_.module()->Enter(Soon()));
  ASSERT_OK_AND_ASSIGN(const Token token, FindToken(use, {.label = SoftHsm::kLabel}));
  EXPECT_THAT(WriteSession::Open(use, token.slot, Soon()), IsOk()) << "another program gets it";
}

}  // namespace
}  // namespace rootkeep::pkcs11
