#include "keystore/pkcs11/uri.h"

#include <fmt/format.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace rootkeep::pkcs11 {
namespace {

constexpr std::string_view kScheme = "pkcs11:";

struct UriDeleter {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using Parsed = std::unique_ptr<P11KitUri, UriDeleter>;

constexpr auto kPathNames =
    std::to_array<std::string_view>({"token", "serial", "manufacturer", "model", "object", "id", "type"});
constexpr auto kQueryNames = std::to_array<std::string_view>({"pin-source"});

std::string_view HintFor(std::string_view name) {
  if (name == "pin-value") return "a PIN has no place in a name; use pin-source=file:/absolute/path";
  if (name.starts_with("slot-")) return "slots are renumbered; name the token by token= or serial=";
  if (name.starts_with("module-") || name.starts_with("library-")) return "the module is named in the configuration";
  return "known are token, serial, manufacturer, model, object, id, type and pin-source";
}

bool IsUriCharacter(char c) { return c > 0x20 && c < 0x7f; }

bool IsOfToken(std::string_view name) {
  return name == "token" || name == "serial" || name == "manufacturer" || name == "model";
}

// Nothing, or for a field of the token only the encoded blanks that it is padded with.
bool IsEmpty(std::string_view name, std::string_view value) {
  while (IsOfToken(name) && value.starts_with("%20")) value.remove_prefix(3);
  return value.empty();
}

// Names are looked at before p11-kit reads the values: it takes unknown, repeated and empty attributes.
Status CheckNames(std::string_view text, char separator, std::span<const std::string_view> known) {
  std::set<std::string_view> seen;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (std::ranges::find(known, name) == known.end()) {
      // Only names of RFC 7512 are repeated in the error; anything else might be a secret in the wrong place.
      const bool ours = name == "pin-value" || name.starts_with("slot-") || name.starts_with("module-") ||
                        name.starts_with("library-");
      return InvalidArgument(ours ? fmt::format("key URI: attribute {} is not accepted", name)
                                  : "key URI: it has an unknown attribute")
          .WithHint(std::string(HintFor(name)));
    }
    if (equals == std::string_view::npos || IsEmpty(name, pair.substr(equals + 1))) {
      return InvalidArgument(fmt::format("key URI: attribute {} has no value", name));
    }
    if (name != "id" && pair.find("%00") != std::string_view::npos) {
      return InvalidArgument(fmt::format("key URI: attribute {} has a zero octet", name));
    }
    if (!seen.insert(name).second) return InvalidArgument(fmt::format("key URI: attribute {} stands twice", name));
  }
  return Ok();
}

Status CheckShape(std::string_view text) {
  if (text.size() > kMaxUriSize) return InvalidArgument(fmt::format("key URI: longer than {} octets", kMaxUriSize));
  if (!text.starts_with(kScheme)) return InvalidArgument("key URI: it does not start with pkcs11:");
  if (!std::ranges::all_of(text, IsUriCharacter)) {
    return InvalidArgument("key URI: it has blanks or characters outside ASCII").WithHint("write them as %XX");
  }
  const std::string_view rest = text.substr(kScheme.size());
  const auto question = rest.find('?');
  RK_RETURN_IF_ERROR(CheckNames(rest.substr(0, question), ';', kPathNames));
  if (question == std::string_view::npos) return Ok();
  return CheckNames(rest.substr(question + 1), '&', kQueryNames);
}

// Token fields are padded with blanks (PKCS#11 2.40 §3.2).
template <std::size_t size>
std::string Unpad(const unsigned char (&field)[size]) {
  std::string text(AsText(ByteView(field, size)));
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

Bytes ValueOf(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* attribute = p11_kit_uri_get_attribute(uri, type);
  if (attribute == nullptr) return {};
  const auto* octets = static_cast<const std::uint8_t*>(attribute->pValue);
  return {octets, octets + attribute->ulValueLen};
}

Status CheckType(P11KitUri* uri) {
  const CK_ATTRIBUTE* type = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  if (type == nullptr) return Ok();
  if (*static_cast<const CK_OBJECT_CLASS*>(type->pValue) == CKO_PRIVATE_KEY) return Ok();
  return InvalidArgument("key URI: its type is not private");
}

KeyUri FieldsOf(P11KitUri* uri) {
  const CK_TOKEN_INFO* token = p11_kit_uri_get_token_info(uri);
  KeyUri key;
  key.token_label = Unpad(token->label);
  key.token_serial = Unpad(token->serialNumber);
  key.token_manufacturer = Unpad(token->manufacturerID);
  key.token_model = Unpad(token->model);
  key.object_label = AsText(ValueOf(uri, CKA_LABEL));
  key.object_id = ValueOf(uri, CKA_ID);
  const char* pin_source = p11_kit_uri_get_pin_source(uri);
  if (pin_source != nullptr) key.pin_source = pin_source;
  return key;
}

}  // namespace

Result<KeyUri> ParseUri(std::string_view text) {
  RK_RETURN_IF_ERROR(CheckShape(text));
  const Parsed uri(p11_kit_uri_new());
  if (uri == nullptr) return Internal("p11_kit_uri_new: out of memory");
  const std::string terminated(text);
  const int code = p11_kit_uri_parse(terminated.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (code != P11_KIT_URI_OK) {
    return InvalidArgument(fmt::format("key URI: p11_kit_uri_parse: {}", p11_kit_uri_message(code)));
  }
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0) return InvalidArgument("key URI: it has an unknown attribute");
  RK_RETURN_IF_ERROR(CheckType(uri.get()));
  return FieldsOf(uri.get());
}

}  // namespace rootkeep::pkcs11
