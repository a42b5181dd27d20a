// Reads the part of HCL 1 that configurations of plugins are written in, and JSON.
//
// HCL 1 is what SPIRE hands over for plugin_data, printed anew, so that keys may be in quotes; the text of a
// plugin_data_file comes as it is (spire.md §1.6).
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "providers/spire/plugin/hcl/value.h"

namespace rootkeep::spire::hcl {

inline constexpr std::size_t kMaxDocument = 64 * 1024;  // octets
inline constexpr unsigned kMaxDepth = 16;               // lists and blocks inside each other
inline constexpr std::size_t kMaxValues = 1024;         // in a document

// The members of the document: `key = value`, `key: value` or `key { ... }` each, with an optional comma between, all
// in one pair of braces or in none. INVALID_ARGUMENT, with line and column, for anything else, beyond a limit, and for
// a key that is there twice in one block.
Result<Object> Parse(std::string_view text);

}  // namespace rootkeep::spire::hcl
