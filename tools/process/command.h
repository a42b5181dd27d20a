// A program that is run to its end.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep {

// Runs `argv` (argv[0] is the program's path) without a shell, with no input, with the output of this process and no
// other descriptor of it, in a process group of its own, and with nothing in its environment but a PATH of the
// system's. DEADLINE_EXCEEDED when it has not ended after `limit`, CANCELLED when `stop` came first: the group is ended
// then, with SIGKILL. FAILED_PRECONDITION with its exit status when that is not 0; otherwise the errno's code.
Status RunCommand(const std::vector<std::string>& argv, std::chrono::milliseconds limit, const std::stop_token& stop);

}  // namespace rootkeep
