#include "tests/bench/attest/measure.h"

#include <algorithm>
#include <ctime>

#include "attestation/verifier/boot_log_replay.h"
#include "tests/bench/attest/floor.h"

namespace rootkeep::bench {
namespace {

using attestation::Attempt;
using attestation::AttestChallenge;
using attestation::AttestEvidence;

constexpr std::size_t kBatch = 32;

// Processor time of this thread in seconds.
double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double Median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

// Seconds of processor time.
struct Spent {
  double challenges = 0;
  double judgements = 0;
  double floor = 0;
  std::size_t verifications = 0;
};

Status MeasureBatch(const Machine& machine, const AttestFloor& floor, Spent& spent) {
  std::vector<Attempt> attempts;
  std::vector<AttestChallenge> challenges;
  double begin = ThreadSeconds();
  for (std::size_t i = 0; i < kBatch; ++i) {
    RK_TRY(Attempt attempt, Attempt::Begin(machine.init(), machine.trust(), machine.now()));
    RK_TRY(AttestChallenge challenge, attempt.Challenge(machine.options()));
    attempts.push_back(std::move(attempt));
    challenges.push_back(std::move(challenge));
  }
  spent.challenges += ThreadSeconds() - begin;

  std::vector<AttestEvidence> answers;
  for (const AttestChallenge& challenge : challenges) answers.push_back(machine.Answer(challenge));

  begin = ThreadSeconds();
  for (std::size_t i = 0; i < kBatch; ++i) RK_RETURN_IF_ERROR(Judge(machine, attempts[i], answers[i]));
  spent.judgements += ThreadSeconds() - begin;

  begin = ThreadSeconds();
  for (std::size_t i = 0; i < kBatch; ++i) RK_RETURN_IF_ERROR(floor.Run());
  spent.floor += ThreadSeconds() - begin;
  spent.verifications += kBatch;
  return Ok();
}

}  // namespace

Status Judge(const Machine& machine, Attempt& attempt, const AttestEvidence& evidence) {
  const attestation::Verdict verdict = attempt.Verify(evidence, machine.policy(), std::nullopt, machine.now());
  if (!verdict.passed) return Internal(verdict.reason + ": " + verdict.explanation);
  if (!attempt.ek().chained) return Internal("the EK is not chained: " + attempt.ek().unchained_reason);
  if (!machine.options().want_boot_log) return Ok();
  RK_RETURN_IF_ERROR(attestation::VerifyBootLog(evidence.boot_log, machine.options().pcrs.bank, verdict.pcrs));
  return Ok();
}

Result<nlohmann::json> MeasureVerify(const Machine& machine, const Turns& turns) {
  RK_TRY(const AttestFloor floor, AttestFloor::Create(machine.EkChain()));
  std::vector<double> rates;
  std::vector<double> floors;
  std::vector<double> ratios;
  std::vector<double> challenges;
  std::vector<double> judgements;
  for (int round = 0; round < turns.rounds; ++round) {
    Spent spent;
    const auto begin = std::chrono::steady_clock::now();
    do {
      RK_RETURN_IF_ERROR(MeasureBatch(machine, floor, spent));
    } while (std::chrono::steady_clock::now() - begin < turns.duration);
    const auto count = static_cast<double>(spent.verifications);
    rates.push_back(count / (spent.challenges + spent.judgements));
    floors.push_back(count / spent.floor);
    ratios.push_back(rates.back() / floors.back());
    challenges.push_back(1e6 * spent.challenges / count);
    judgements.push_back(1e6 * spent.judgements / count);
  }
  return nlohmann::json{{"rate", Median(rates)},
                        {"floor", Median(floors)},
                        {"ratio", Median(ratios)},
                        {"challenge_us", Median(challenges)},
                        {"judge_us", Median(judgements)}};
}

}  // namespace rootkeep::bench
