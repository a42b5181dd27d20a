// The name of one key. Backends parse their own scheme; the rest of the code passes KeyUri on and prints it redacted.
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/bytes.h"

namespace rootkeep {

enum class UriScheme : std::uint8_t { kPkcs11, kTpm2, kKeySocket };

// A parsed key URI. A token is named by serial or label, a key by id and label; empty means not given.
// For pkcs11: see RFC 7512 §2.3; `pin-value`, slot and module attributes are never part of it.
struct KeyUri {
  UriScheme scheme = UriScheme::kPkcs11;
  std::string token_label;
  std::string token_serial;
  std::string token_manufacturer;
  std::string token_model;
  std::string object_label;
  Bytes object_id;
  std::string pin_source;  // file:/absolute/path, or credential:NAME (keystore/NAMES.md); printed as "..." only

  // RFC 7512 text with every reserved character percent-encoded and the PIN source left out.
  [[nodiscard]] std::string Redacted() const;
};

}  // namespace rootkeep
