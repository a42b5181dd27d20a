// One event of a boot log in words, for operators.
#pragma once

#include <string>

#include "attestation/verifier/boot_log.h"

namespace rootkeep::attestation {

// For example `EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 01` or
// `EV_IPL, said to be "grub_cmd: linux /vmlinuz"`. "Said to be": the data is the log's word, it was not measured
// (MeasuresItsData). Printable ASCII, one line, at most a few hundred characters whatever the event holds.
std::string InWords(const BootEvent& event);

// What the event is about, the same before and after its contents change: "SecureBoot" for a variable. Empty when
// nothing can be said.
std::string SubjectOf(const BootEvent& event);

}  // namespace rootkeep::attestation
