// A PinRecord as a file of three lines (keystore/NAMES.md).
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/pkcs11/pin_latch.h"

namespace rootkeep::pkcs11 {

// Names the token by maker, model and serial, and by label too when its serial names nothing (keystore/NAMES.md): 32
// hexadecimal digits. INTERNAL when OpenSSL fails.
Result<std::string> PinRecordName(const DeviceInfo& token);

std::string FormatPinRecord(const PinRecord& record);

// FAILED_PRECONDITION for anything that FormatPinRecord does not write.
Result<PinRecord> ParsePinRecord(std::string_view text);

// Makes the directory, owned by whoever owns the one it is in: an operator's root must not lock the daemon out.
Status MakePinDirectory(const std::string& directory);

}  // namespace rootkeep::pkcs11
