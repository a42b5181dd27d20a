// What a boot log has to be like before anything is concluded from it: types are not measured, and the data of many
// events is not either, so both are held to what firmware does.
#pragma once

#include "attestation/verifier/boot_log.h"

namespace rootkeep::attestation {

// In this order; INVALID_ARGUMENT with
//   "boot_log_type"       a type does not belong in its PCR (BelongsInPcr);
//   "boot_log_digest"     data is not what was measured, in some bank, though the type says so (MeasuresItsData). An
//                         EV_EFI_VARIABLE_AUTHORITY may have one octet more than was measured, as old shims write it
//                         (go-attestation issue 157);
//   "boot_log_separator"  PCR 0 to 7 has none, more than one, or one that is not four zero octets: with another one
//                         firmware says that it failed, and without one that it never ended;
//   "boot_log_locality"   a StartupLocality event is malformed, comes twice or after an event of PCR 0, or says another
//                         locality than 0, 3 and 4;
//   and the rules of ReadSecureBoot.
// INTERNAL when OpenSSL fails.
Status CheckBootLog(const BootLog& log);

// From which locality the TPM was started (PFP §10), which is where PCR 0 begins; 0 when the log does not say.
Result<std::uint8_t> StartupLocality(const BootLog& log);

}  // namespace rootkeep::attestation
