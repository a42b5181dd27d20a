// What a Signer makes of a token, beside the token alone.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/bench/floor/raw_token.h"
#include "tests/bench/signer/ways.h"

namespace rootkeep::bench {

using Seconds = std::chrono::duration<double>;

// Signatures a second with each of these numbers of threads, and of the bare module with one and with two, in turns;
// as JSON, each beside the better of those with no more threads. The ratio is the median of the rounds' own.
Result<std::string> MeasureRates(RawToken& token, const Signer& signer, const std::vector<int>& threads,
                                 Seconds duration, int rounds);

// Signatures a second of `signer` and of `baseline`, which holds the same key, in turns; as JSON. The ratio is the
// median of the rounds' own.
Result<std::string> MeasureBeside(const Signer& signer, const Signer& baseline, const std::vector<int>& threads,
                                  Seconds duration, int rounds);

// Signatures a second of twice as many threads as a device has slots whose signatures take `latency`, once the queue
// has found out how many to let in at a time; as JSON, with the processors that all programs
// used.
Result<std::string> MeasureSlots(const Signer& signer, unsigned slots, Seconds latency, Seconds duration);

// The median of what a signature takes one thread, through the signer and by the bare module; as JSON, in microseconds.
Result<std::string> MeasureAdded(RawToken& token, const Signer& signer, Seconds duration);

}  // namespace rootkeep::bench
