// The benchmark of attestations: every machine that it measures really passes, each answer is to its own challenge,
// and what does not pass is no figure.
#include "tests/bench/attest/floor.h"
#include "tests/bench/attest/measure.h"
#include "tests/support/matchers.h"

namespace rootkeep::bench {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::Says;

constexpr Turns kShort{.duration = std::chrono::duration<double>(0.01), .rounds = 1};

attestation::Attempt Begin(const Machine& machine) {
  return attestation::Attempt::Begin(machine.init(), machine.trust(), machine.now()).value();
}

TEST(AttestBench, MeasuresEveryKindOfMachine) {
  for (const Kind kind : {Kind::kRsa, Kind::kP384, Kind::kLog}) {
    const Machine machine(kind);
    ASSERT_OK_AND_ASSIGN(const nlohmann::json found, MeasureVerify(machine, kShort));
    for (const char* member : {"rate", "floor", "ratio", "challenge_us", "judge_us"}) {
      EXPECT_GT(found.at(member).get<double>(), 0.0) << member;
    }
  }
}

TEST(AttestBench, AnAnswerPassesForItsOwnChallengeAlone) {
  const Machine machine(Kind::kRsa);
  attestation::Attempt first = Begin(machine);
  attestation::Attempt second = Begin(machine);
  ASSERT_OK_AND_ASSIGN(const auto challenge, first.Challenge(machine.options()));
  ASSERT_THAT(second.Challenge(machine.options()), IsOk());
  const attestation::AttestEvidence answer = machine.Answer(challenge);
  EXPECT_THAT(Judge(machine, first, answer), IsOk());
  EXPECT_THAT(Judge(machine, second, answer), Says("activation_proof"));
}

TEST(AttestBench, ABootLogIsHeldAgainstTheQuote) {
  const Machine machine(Kind::kLog);
  attestation::Attempt attempt = Begin(machine);
  ASSERT_OK_AND_ASSIGN(const auto challenge, attempt.Challenge(machine.options()));
  attestation::AttestEvidence answer = machine.Answer(challenge);
  EXPECT_GT(answer.boot_log.size(), 30'000U);
  EXPECT_NE(machine.policy().pcrs.generations.front().allowed.at(4).front(), Bytes(32));
  answer.boot_log.clear();
  EXPECT_THAT(Judge(machine, attempt, answer), HasReason("boot_log_header"));
}

// The floor checks what it says: a certificate of another issuer is none.
TEST(AttestBench, TheFloorIsOfRealSignatures) {
  const Machine machine(Kind::kP384);
  std::vector<Bytes> chain = machine.EkChain();
  ASSERT_OK_AND_ASSIGN(const AttestFloor floor, AttestFloor::Create(chain));
  EXPECT_THAT(floor.Run(), IsOk());
  EXPECT_FALSE(SignatureFloor::OfCertificate(chain[0], chain[2]).ok());
}

}  // namespace
}  // namespace rootkeep::bench
