// The path attributes of RFC 7512, for URIs of other schemes that name keys as pkcs11: ones do.
#pragma once

#include <cstddef>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/key_uri.h"

namespace rootkeep {

inline constexpr std::size_t kMaxUriSize = 4096;

// What follows the scheme's colon: token, serial, manufacturer, model, object, id and type=private (RFC 7512 §2.3),
// each once and not empty, at most kMaxUriSize octets in all. A query is refused. INVALID_ARGUMENT for anything else.
// The text is not quoted in errors, because it may hold a PIN by mistake.
Result<KeyUri> ParseUriPath(UriScheme scheme, std::string_view path);

}  // namespace rootkeep
