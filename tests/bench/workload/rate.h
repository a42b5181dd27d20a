// How often a second several threads get something done.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "keystore/base/result.h"

namespace rootkeep::bench {

// One round of a thread's work; `round` counts those of all threads.
using Step = std::function<Status(std::size_t round)>;

// Calls the steps that `make_step` gives, one for each of `threads` threads, until `duration` is over; gives calls a
// second, or the first error.
Result<double> Rate(int threads, std::chrono::duration<double> duration,
                    const std::function<Result<Step>(int thread)>& make_step);

}  // namespace rootkeep::bench
