// The log of what was measured into PCRs at boot, as the kernel shows it.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// Of the first TPM (Linux, securityfs); root reads it.
inline constexpr const char* kBootLogFile = "/sys/kernel/security/tpm0/binary_bios_measurements";

// The whole file; empty when there is none, as on a machine whose firmware keeps no log. Nothing of it is looked at.
// Errors as ReadFile, with a limit of kMaxBootLogSize.
Result<Bytes> ReadBootLogFile(const std::string& path);

}  // namespace rootkeep::attestation
