// CKR codes by name.
#pragma once

#include <p11-kit/pkcs11.h>

#include <optional>
#include <string>
#include <string_view>

namespace rootkeep::chaos {

// The symbol, or hexadecimal for a vendor's code.
std::string CodeText(CK_RV rv);
// Of a symbol, or of a number written 0x...
std::optional<CK_RV> CodeNamed(std::string_view name);

}  // namespace rootkeep::chaos
