// A UEFI variable as it stands in an event: UEFI_VARIABLE_DATA (PFP §10).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "keystore/base/bytes.h"

namespace rootkeep::attestation {

// Who gives names to variables; octets in the order of the log.
using Guid = std::array<std::uint8_t, 16>;

// EFI_GLOBAL_VARIABLE, 8be4df61-93ca-11d2-aa0d-00e098032b8c (UEFI 2.10 §3.3).
inline constexpr Guid kEfiGlobalVariable{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                         0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};

struct UefiVariable {
  Guid vendor{};
  std::u16string name;        // without a final zero; any 16-bit units
  ByteView data;              // points into the event
  std::size_t left_over = 0;  // octets that follow: none, but for an old mistake of shim
};

// Nothing when lengths and octets do not agree, or the name has more than 1024 characters.
std::optional<UefiVariable> ReadUefiVariable(ByteView event_data);

}  // namespace rootkeep::attestation
