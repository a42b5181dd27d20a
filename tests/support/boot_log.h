// Boot logs as firmware writes them, for tests: an honest one, which a test changes to get another.
#pragma once

#include <string_view>

#include "attestation/verifier/boot_log.h"
#include "attestation/verifier/uefi_variable.h"

namespace rootkeep::testing {

// Adds an event whose data is what was measured.
void Measure(attestation::BootLog& log, std::uint8_t pcr, attestation::EventType type, ByteView data);
// Adds an event that says `data` while `measured` was.
void Measure(attestation::BootLog& log, std::uint8_t pcr, attestation::EventType type, ByteView data,
             ByteView measured);

// UEFI_VARIABLE_DATA.
Bytes VariableData(const attestation::Guid& vendor, std::u16string_view name, ByteView data);
inline constexpr attestation::Guid kImageSecurityDatabase{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                                          0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f};

// A machine that starts Linux through shim and GRUB; with secure boot, firmware says which certificate it believed.
// SHA-1 and SHA-256.
attestation::BootLog HonestBootLog(bool secure_boot);

// The octets of a log in the crypto-agile form.
Bytes Encode(const attestation::BootLog& log);

}  // namespace rootkeep::testing
