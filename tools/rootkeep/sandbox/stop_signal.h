// Ctrl-C, SIGTERM and SIGHUP as a question a program asks, so that everything it started is cleaned up by destructors.
#pragma once

#include <chrono>

#include "keystore/base/result.h"

namespace rootkeep::cli {

// From the first call on the signals no longer end the process. Idempotent.
Status CatchStopSignals();

[[nodiscard]] bool StopRequested();

// Waits until a signal came or, when `other_fd` is not negative, that descriptor is readable; at most `patience`.
// Whether a signal came.
bool WaitForStop(std::chrono::milliseconds patience, int other_fd = -1);

}  // namespace rootkeep::cli
