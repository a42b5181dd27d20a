// The end of a benchmark program's main.
#pragma once

#include <functional>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep::bench {

// What `body` returns, or 1 after printing what it threw.
int Guarded(const char* program, const std::function<int()>& body) noexcept;

// Prints the text to standard output, or the error to standard error; gives the exit status.
int Finish(const char* program, const Result<std::string>& result);

}  // namespace rootkeep::bench
