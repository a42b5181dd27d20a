// The name of a key in a configuration or a state directory.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "keystore/key_uri.h"
#include "tools/config/config.h"

namespace rootkeep::config {

// pkcs11: or keysocket:. Errors as pkcs11::ParseUri and keysocket::ParseUri, which do not quote it.
Result<KeyUri> ParseKeyUri(std::string_view text);

// The same, as the store calls it that has the authority's key: behind a key socket either scheme means the same key.
Result<KeyUri> ParseKeyUriOf(const Authority& authority, std::string_view text);

}  // namespace rootkeep::config
