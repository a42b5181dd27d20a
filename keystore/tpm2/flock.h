// flock(2) with a deadline.
#pragma once

#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::tpm2 {

// Opens the file, made with mode 0600 where it is missing. The errno's code.
Result<Fd> OpenLockFile(const std::string& path);

// Takes the lock, by looking again at least every millisecond. UNAVAILABLE "deadline" when somebody else, named by
// `path` in the message, has it until then. Closing `fd` gives it back.
Status LockBy(const Fd& fd, const std::string& path, Deadline deadline);

}  // namespace rootkeep::tpm2
