#include "tools/config/key_uri.h"

#include "keystore/keysocket/values/uri.h"
#include "keystore/pkcs11/uri.h"

namespace rootkeep::config {

Result<KeyUri> ParseKeyUri(std::string_view text) {
  return text.starts_with("keysocket:") ? keysocket::ParseUri(text) : pkcs11::ParseUri(text);
}

Result<KeyUri> ParseKeyUriOf(const Authority& authority, std::string_view text) {
  RK_TRY(KeyUri uri, ParseKeyUri(text));
  if (authority.behind_socket) return keysocket::BehindSocket(std::move(uri));
  return uri;
}

}  // namespace rootkeep::config
