// What each way to a key does beside the others: in turns, whose order turns round each time; medians of rounds.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/bench/floor/raw_token.h"
#include "tests/bench/provider/ways.h"

namespace rootkeep::bench {

using Seconds = std::chrono::duration<double>;
using Ways = std::vector<OpenedWay>;

struct Turns {
  Seconds duration{2};  // of each
  int rounds = 3;
};

// Signatures of a SHA-256 digest a second with one EVP_PKEY that each of these numbers of threads share, and of the
// bare token with one and two threads: {"raw": [one, two], WAY: [{"threads", "rate", "p99_ms", "raw_threads",
// "ratio"}...]}. The ratio is the median of the rounds' own, to the bare token at its best with no more threads.
Result<nlohmann::json> MeasureSign(RawToken& token, const Ways& ways, const std::vector<int>& threads,
                                   const Turns& turns);

// Full handshakes a second: {WAY: {"rate", "ratio", "per_handover"}}, the ratio to the first way's, and another to the
// "handover" way's when that is among them; both the median of the rounds' own.
Result<nlohmann::json> MeasureHandshakes(const Ways& ways, int version, int threads, const Turns& turns);

// Medians of one signature of one thread in microseconds: {"raw_us", WAY: {"us", "added_us"}}.
Result<nlohmann::json> MeasureAdded(RawToken& token, const Ways& ways, Seconds duration);

// Median of opening a key that was open before, in microseconds: {WAY: us}.
Result<nlohmann::json> MeasureLoad(const Ways& ways, Seconds duration);

}  // namespace rootkeep::bench
