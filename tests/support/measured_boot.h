// What firmware does to a TPM while it writes a boot log.
#pragma once

#include "attestation/verifier/boot_log.h"
#include "tests/support/esys.h"

namespace rootkeep::testing {

// Extends each register by the log's events, in the SHA-256 bank, which the log has. Errors as ExtendPcr.
Status ExtendAsLogged(const Esys& esys, const attestation::BootLog& log);

}  // namespace rootkeep::testing
