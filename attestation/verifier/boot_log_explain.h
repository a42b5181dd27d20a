// Why a PCR is not what it was: two boot logs compared event by event, in words for operators.
#pragma once

#include <string>
#include <vector>

#include "attestation/verifier/boot_log.h"

namespace rootkeep::attestation {

// Lines about one PCR, most telling first. Both logs have been through VerifyBootLog with `bank`, `then` when its
// values were accepted. For PCR 7 the first line says how secure boot changed, if it did:
//   PCR 7 differs: secure boot was on, now off
//   PCR 7 event 1: was EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 01, is EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 00
//   PCR 7 event 7: no longer there: EV_EFI_VARIABLE_AUTHORITY db = 1572 octets, SHA-256 a1b2...
// Events are counted within the PCR, from 1, in the log where they stand. At most kMaxLines, the last of which says how
// many were left out. Empty when the PCR's events are the same.
inline constexpr std::size_t kMaxExplanationLines = 20;
std::vector<std::string> ExplainChange(const BootLog& then, const BootLog& now, Algorithm bank, std::uint8_t pcr);

// The same of one log, when there is none to compare it with: what the PCR is made of, and of PCR 7 first whether
// secure boot is on.
std::vector<std::string> DescribePcr(const BootLog& now, std::uint8_t pcr);

}  // namespace rootkeep::attestation
