// Whether a boot log is what was measured: hashing its events again must give the registers that the TPM quoted.
#pragma once

#include <array>
#include <vector>

#include "attestation/verifier/boot_log.h"
#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

// PCR 0 to 15 begin at zero when a machine starts, PCR 0 at its startup locality; the others belong to later code.
inline constexpr std::uint8_t kStaticPcrCount = 16;

// The digests that the log says were extended into `pcr`, as they happened, and where that PCR began.
struct Extensions {
  Bytes start;
  std::vector<Bytes> digests;
};
// INVALID_ARGUMENT "boot_log_bank" when the log has no such bank; "boot_log_locality" as StartupLocality. `pcr` is
// below kStaticPcrCount.
Result<Extensions> ExtensionsOf(const BootLog& log, Algorithm bank, std::uint8_t pcr);

// What the static PCRs hold after the log's events. INVALID_ARGUMENT as ExtensionsOf, INTERNAL when OpenSSL fails.
Result<std::array<Bytes, kStaticPcrCount>> ReplayBootLog(const BootLog& log, Algorithm bank);

// Whether a boot log accounts for all of a PCR: 0 to 9 and 14. The operating system extends the others later on.
bool IsAccountedFor(std::uint8_t pcr);

// INVALID_ARGUMENT "boot_log_replay" unless the log gives each of `quoted` that IsAccountedFor. The text says of the
// first that it does not whether an earlier event was reached, which is so when something was measured after the log
// was read. Errors of ReplayBootLog too.
Status CheckReplay(const BootLog& log, Algorithm bank, const std::vector<PcrValue>& quoted);

// A boot log that may be believed, as far as its data is measured: ParseBootLog, CheckBootLog and CheckReplay against
// values that a quote has proved. Of PCRs that are not among `quoted` it says what it likes. It explains; what a node
// is trusted for is the policy on PCR values.
Result<BootLog> VerifyBootLog(ByteView log, Algorithm bank, const std::vector<PcrValue>& quoted);

}  // namespace rootkeep::attestation
