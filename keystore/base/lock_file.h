// A file that one process at a time holds.
#pragma once

#include <functional>
#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Takes the lock by flock(2) on `path`, which is made where it is missing and names the holder's process id. It is held
// until the descriptor is closed, by the process's death at the latest. When somebody else has it, the error is what
// `held` makes of "process 4711" or, when the file does not say, "another process".
Result<Fd> TakeLockFile(const std::string& path, const std::function<Error(const std::string& holder)>& held);

}  // namespace rootkeep
