// The module's function list.
#pragma once

#include <p11-kit/pkcs11.h>

namespace rootkeep::chaos {

// Loads the real module, and gives the list that stands in front of it; the same one at each call.
CK_RV GetFunctionList(CK_FUNCTION_LIST** list) noexcept;

}  // namespace rootkeep::chaos
