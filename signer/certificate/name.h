// Subjects of what Rootkeep issues.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/bytes.h"

namespace rootkeep {

// RFC 5280 appendix A.1: ub-common-name and ub-organization-name, characters.
inline constexpr std::size_t kMaxNameText = 64;

// DER Name with one common name, or the empty Name when there is none. UTF-8.
Bytes LeafName(std::string_view common_name);

// DER Name of a CA: the trust domain as organisation (left out when longer than kMaxNameText) and the common name.
Bytes CaName(std::string_view trust_domain, std::string_view common_name);

// Common names that no two generations share: "Rootkeep root <name> 1", "Rootkeep issuing CA <name> 2". At most
// kMaxNameText characters for names of at most 32.
std::string RootCommonName(std::string_view name, unsigned generation);
std::string IssuingCaCommonName(std::string_view name, unsigned generation);

}  // namespace rootkeep
