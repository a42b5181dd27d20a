// Q12 and §1.8 of what a TPM counts: resets, TPM2_Clear, and an old state put back, each as it happens to a TPM.
#include "attestation/verifier/tpm_clock.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"
#include "tests/unit/attestation/verifier/lab.h"

namespace rootkeep::attestation {
namespace {

using testing::AttestNode;
using testing::Exchange;
using testing::IsOk;
using testing::Lab;

// A TPM of its own, with an L-2 EK, which TPM2_Clear does not take the handle of.
class TpmClock : public ::testing::Test {
 protected:
  Verdict Attest(const std::optional<LastSeen>& last) {
    const AttestNode node(tpm_, {.ek = testing::EkKind::kL2});
    ak_name_ = node.ak().name;
    Exchange exchange = testing::Start(node);
    return exchange.Verify(node.Answer(exchange.init, exchange.challenge), testing::Policy(), last);
  }

  LastSeen Seen() {
    const Verdict verdict = Attest(std::nullopt);
    EXPECT_TRUE(verdict.passed) << verdict.explanation;
    return {.ak_name = ak_name_, .clock = verdict.clock};
  }

  testing::SwTpm tpm_{Lab::Shared().manufacturer, "node-2"};
  Bytes ak_name_;
};

TEST_F(TpmClock, GoesOnInOneBoot) {
  const Verdict verdict = Attest(Seen());
  EXPECT_TRUE(verdict.passed) << verdict.explanation;
}

TEST_F(TpmClock, CountsReboots) {
  const LastSeen last = Seen();
  tpm_.Reboot();
  const Verdict verdict = Attest(last);
  EXPECT_TRUE(verdict.passed) << verdict.explanation;
  EXPECT_EQ(verdict.clock.reset_count, last.clock.reset_count + 1);
}

TEST_F(TpmClock, CountsPowerFailures) {  // after which the clock may be behind
  const LastSeen last = Seen();
  tpm_.CutPower();
  const Verdict verdict = Attest(last);
  EXPECT_TRUE(verdict.passed) << verdict.explanation;
  EXPECT_GT(verdict.clock.reset_count, last.clock.reset_count);
}

TEST_F(TpmClock, ShowsAClear) {
  tpm_.Reboot();
  const LastSeen last = Seen();
  {
    const testing::Esys esys(tpm_);
    ASSERT_THAT(ClearTpm(esys), IsOk());
  }
  const Verdict verdict = Attest(last);
  EXPECT_EQ(verdict.reason, reason::kTpmCleared);
  EXPECT_EQ(verdict.consequence, Consequence::kEnrolAgain);
}

TEST_F(TpmClock, ShowsAClearBehindReboots) {  // the reset count is higher again, the clock is not
  {
    const testing::Esys esys(tpm_);
    ASSERT_THAT(AdvanceClock(esys, std::chrono::hours(24)), IsOk());
  }
  const LastSeen last = Seen();
  {
    const testing::Esys esys(tpm_);
    ASSERT_THAT(ClearTpm(esys), IsOk());
  }
  for (std::uint32_t i = 0; i <= last.clock.reset_count; ++i) tpm_.Reboot();
  const Verdict verdict = Attest(last);
  EXPECT_GT(verdict.clock.reset_count, last.clock.reset_count);
  EXPECT_EQ(verdict.reason, reason::kTpmCleared);
}

TEST_F(TpmClock, ShowsAnOldState) {  // the chip's memory, or the simulator's file, copied and put back
  tpm_.SwitchOff();
  const testing::TempDir copy;
  std::filesystem::copy(tpm_.state_directory(), copy / "state");
  tpm_.SwitchOn();
  {
    const testing::Esys esys(tpm_);
    ASSERT_THAT(AdvanceClock(esys, std::chrono::hours(1)), IsOk());
  }
  const LastSeen last = Seen();
  tpm_.SwitchOff();
  std::filesystem::remove_all(tpm_.state_directory());
  std::filesystem::copy(copy / "state", tpm_.state_directory());
  tpm_.SwitchOn();
  const Verdict verdict = Attest(last);
  EXPECT_EQ(verdict.clock.reset_count, last.clock.reset_count);
  EXPECT_EQ(verdict.reason, reason::kClockRollback);
}

TEST_F(TpmClock, IsOfOneAk) {
  LastSeen last = Seen();
  last.ak_name.back() ^= 1;
  const Verdict verdict = Attest(last);
  EXPECT_EQ(verdict.reason, reason::kAkChanged);
  EXPECT_EQ(verdict.consequence, Consequence::kEnrolAgain);
}

// The registers before, the key after: what runs now is not what was quoted.
TEST_F(TpmClock, IsOfOneBootInOneAttestation) {
  const AttestNode before(tpm_, {.ek = testing::EkKind::kL2});
  const auto init = before.Init();
  ASSERT_OK_AND_ASSIGN(Attempt attempt,
                       Attempt::Begin(init, testing::TrustOf(Lab::Shared().manufacturer), testing::Now()));
  ASSERT_OK_AND_ASSIGN(const AttestChallenge challenge, attempt.Challenge(testing::Options()));
  AttestEvidence evidence = before.Answer(init, challenge);
  const Result<Bytes> secret = before.Activate(challenge);
  tpm_.Reboot();
  const testing::AttestBinding binding = testing::BindingOf(init, challenge, *secret);
  const testing::Esys esys(tpm_);
  ASSERT_OK_AND_ASSIGN(const auto ak, CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, testing::AkTemplate()));
  ASSERT_OK_AND_ASSIGN(const testing::Attested quote, Quote(esys, ak, binding.quote_nonce, testing::PcrsOf(challenge)));
  evidence.quote_attest = quote.attest;
  evidence.quote_signature = quote.signature;
  const Verdict verdict = attempt.Verify(evidence, testing::Policy(), std::nullopt, testing::Now());
  EXPECT_EQ(verdict.reason, reason::kRestartedBetween);
  EXPECT_EQ(verdict.consequence, Consequence::kRepeat);
}

// What a simulator cannot be brought to show.
TEST(ClockRules, AreInOrder) {
  const LastSeen last{.ak_name = {1}, .clock = {.clock = 100, .reset_count = 3, .restart_count = 2, .safe = true}};
  const auto reason_of = [&](const ClockInfo& now) {
    const Status status = CheckSince(last, Bytes{1}, now);
    return status.ok() ? std::string_view() : status.error().reason();
  };
  EXPECT_EQ(reason_of({.clock = 100, .reset_count = 3, .restart_count = 2}), "");
  EXPECT_EQ(reason_of({.clock = 99, .reset_count = 3, .restart_count = 2, .safe = true}), reason::kClockRollback);
  EXPECT_EQ(reason_of({.clock = 99, .reset_count = 3, .restart_count = 2, .safe = false}), reason::kClockRollback);
  EXPECT_EQ(reason_of({.clock = 101, .reset_count = 3, .restart_count = 1}), reason::kClockRollback);
  EXPECT_EQ(reason_of({.clock = 101, .reset_count = 3, .restart_count = 3}), "");
  EXPECT_EQ(reason_of({.clock = 101, .reset_count = 2, .restart_count = 3}), reason::kTpmCleared);
  EXPECT_EQ(reason_of({.clock = 1, .reset_count = 4, .restart_count = 0}), "");

  EXPECT_THAT(CheckSameBoot({.reset_count = 1, .restart_count = 1}, {.reset_count = 1, .restart_count = 1}), IsOk());
  EXPECT_FALSE(CheckSameBoot({.reset_count = 1, .restart_count = 1}, {.reset_count = 1, .restart_count = 2}).ok());
}

}  // namespace
}  // namespace rootkeep::attestation
