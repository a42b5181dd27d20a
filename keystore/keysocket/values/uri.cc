#include "keystore/keysocket/values/uri.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "keystore/keysocket/wire/values.h"
#include "keystore/uri_path.h"

namespace rootkeep::keysocket {

Result<KeyUri> ParseUri(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, UriScheme>, 3> kSchemes{
      {{"keysocket:", UriScheme::kKeySocket}, {"pkcs11:", UriScheme::kPkcs11}, {"tpm2:", UriScheme::kTpm2}}};
  if (text.size() > kMaxName) return InvalidArgument(fmt::format("key URI: longer than {} octets", kMaxName));
  for (const auto& [prefix, scheme] : kSchemes) {
    if (text.starts_with(prefix)) return ParseUriPath(scheme, text.substr(prefix.size()));
  }
  return InvalidArgument("key URI: it does not start with keysocket:, pkcs11: or tpm2:");
}

KeyUri OnToken(KeyUri uri, UriScheme scheme) {
  uri.scheme = scheme;
  return uri;
}

KeyUri BehindSocket(KeyUri uri) {
  uri.scheme = UriScheme::kKeySocket;
  uri.pin_source.clear();
  return uri;
}

}  // namespace rootkeep::keysocket
