// tpm2: URIs of keys.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "keystore/key_uri.h"

namespace rootkeep::tpm2 {

// tpm2: and the path attributes of ParseUriPath, or handle=0x81 and six hexadecimal digits, which stands for object=
// the same. INVALID_ARGUMENT for anything else.
Result<KeyUri> ParseUri(std::string_view text);

}  // namespace rootkeep::tpm2
