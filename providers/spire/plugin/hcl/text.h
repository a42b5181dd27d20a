// Quoted strings and here-documents.
#pragma once

#include <string>

#include "providers/spire/plugin/hcl/cursor.h"

namespace rootkeep::spire::hcl {

inline constexpr std::size_t kMaxText = 16 * 1024;  // octets of one string

// The cursor is at the opening quote; afterwards behind the closing one. Escapes are HCL's and JSON's. INVALID_ARGUMENT
// for one that ends with its line, holds "${" (HCL's interpolation), a control character or a code point that is none.
Result<std::string> TakeQuoted(Cursor& cursor);

// The cursor is at "<<"; afterwards behind the closing line. "<<-" takes away the closing line's indentation from all.
Result<std::string> TakeHereDocument(Cursor& cursor);

}  // namespace rootkeep::spire::hcl
