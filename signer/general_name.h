// The kinds of subject alternative name Rootkeep issues (RFC 5280 §4.2.1.6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rootkeep {

struct GeneralName {
  enum class Kind : std::uint8_t { kUri, kDns, kIp };

  Kind kind = Kind::kUri;
  std::string value;  // URI and DNS name as text; IP as 4 or 16 raw octets

  // As a person writes it; an IP in dotted or colon form.
  [[nodiscard]] std::string ToText() const;

  friend bool operator==(const GeneralName&, const GeneralName&) = default;
};

// The istiod rule (reference: security/pkg/pki/util/san.go): "spiffe://" makes a URI, a parsable address an IP,
// anything else a DNS name.
GeneralName GeneralNameFromText(std::string_view text);

// ToText of each, joined by ", ".
std::string Describe(const std::vector<GeneralName>& names);

}  // namespace rootkeep
