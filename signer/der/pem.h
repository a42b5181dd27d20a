// PEM armour (RFC 7468): one block out of hostile text, and certificates into it.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::der {

// The octets of the first block of `text`, whatever its label, which must be the same at both ends. Nothing but white
// space stands before it; what follows it is not looked at. Lines of any length; white space between them is skipped.
// INVALID_ARGUMENT without a reason otherwise.
Result<Bytes> FirstPemBlock(std::string_view text);

// One block with lines of 64 characters, ending in one line break.
std::string ToPem(ByteView der, std::string_view label);

}  // namespace rootkeep::der
