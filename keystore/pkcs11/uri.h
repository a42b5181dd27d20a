// RFC 7512 URIs of keys. Parsing is p11-kit's; what may stand in one is decided here.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "keystore/key_uri.h"

namespace rootkeep::pkcs11 {

inline constexpr std::size_t kMaxUriSize = 4096;

// INVALID_ARGUMENT for anything but a pkcs11: URI of at most kMaxUriSize octets with each of token, serial,
// manufacturer, model, object, id, type=private and pin-source at most once, none empty. Everything else that RFC 7512
// allows is refused with a hint: pin-value (a PIN has no place in a name), slot-* (slots are renumbered), library-* and
// module-* (modules are configured). The text is not quoted in errors, because it may hold a PIN by mistake.
Result<KeyUri> ParseUri(std::string_view text);

}  // namespace rootkeep::pkcs11
