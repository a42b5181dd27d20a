// Full verifications of one machine, beside the operations that no verifier can leave out.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/bench/attest/machine.h"

namespace rootkeep::bench {

struct Turns {
  std::chrono::duration<double> duration{2};  // of each round; most of it is the simulator's
  int rounds = 3;
};

// What an answer is worth: Attempt's verdict and, where the machine sends a boot log, VerifyBootLog with the quoted
// values. Everything that is not a full pass is an error.
Status Judge(const Machine& machine, attestation::Attempt& attempt, const attestation::AttestEvidence& evidence);

// Verifications a second of processor time of one thread, from the first message to the verdict. Each has a challenge
// of its own, and what a machine answers is not counted; challenges are made and answers judged in batches, as at a
// service that many nodes are talking to. {"rate", "floor", "ratio", "challenge_us", "judge_us"}: medians of rounds;
// the ratio is the median of the rounds' own, the last two are the two parts of one verification.
Result<nlohmann::json> MeasureVerify(const Machine& machine, const Turns& turns);

}  // namespace rootkeep::bench
