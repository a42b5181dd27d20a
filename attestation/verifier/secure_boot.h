// Whether the machine started with UEFI secure boot, by what firmware measured into PCR 7 (PFP §3.3.4).
#pragma once

#include <string>

#include "attestation/verifier/boot_log.h"

namespace rootkeep::attestation {

struct SecureBoot {
  bool on = false;
  bool debug_mode = false;               // firmware's debugger was on: "UEFI Debug Mode"
  bool dma_protection_disabled = false;  // devices could write memory during boot

  friend bool operator==(const SecureBoot&, const SecureBoot&) = default;
};

// Rules of the variables that configure secure boot, EV_EFI_VARIABLE_DRIVER_CONFIG of PCR 7: each is well formed and
// there once; none comes after the PCR's separator, when firmware has given control away; SecureBoot is among them and
// is one octet, 0 or 1, or empty, which firmware writes that cannot do it.
//
// INVALID_ARGUMENT "boot_log_variable", "boot_log_variable_twice", "boot_log_variable_order" or "boot_log_secure_boot".
Result<SecureBoot> ReadSecureBoot(const BootLog& log);

// "on" or "off", and what else there is to say: "on, in debug mode".
std::string InWords(const SecureBoot& state);

}  // namespace rootkeep::attestation
