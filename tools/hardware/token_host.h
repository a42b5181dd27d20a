// The program that holds a token for this one.
#pragma once

#include <string>

#include "keystore/base/result.h"

namespace rootkeep {

// rootkeep-token-host where an installation or a build puts it, seen from this program. NOT_FOUND with a hint.
Result<std::string> FindTokenHost();

}  // namespace rootkeep
