#include "keystore/key_uri.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace rootkeep {
namespace {

// RFC 7512 §2.3: what may stand unencoded in a path attribute; everything else is percent-encoded.
bool IsPathCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:[]@!$'()*+,=&").find(c) != std::string_view::npos;
}

std::string Encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsPathCharacter(c)) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string EncodeId(ByteView id) {
  std::string out;
  for (const std::uint8_t octet : id) out += fmt::format("%{:02X}", octet);
  return out;
}

}  // namespace

std::string KeyUri::Redacted() const {
  std::string out = scheme == UriScheme::kPkcs11 ? "pkcs11:" : scheme == UriScheme::kTpm2 ? "tpm2:" : "keysocket:";
  bool first = true;
  const auto append = [&out, &first](std::string_view name, const std::string& encoded) {
    if (encoded.empty()) return;
    if (!std::exchange(first, false)) out.push_back(';');
    out += fmt::format("{}={}", name, encoded);
  };
  append("token", Encode(token_label));
  append("serial", Encode(token_serial));
  append("manufacturer", Encode(token_manufacturer));
  append("model", Encode(token_model));
  append("object", Encode(object_label));
  append("id", EncodeId(object_id));
  return out;
}

}  // namespace rootkeep
