// The one reading of JSON from outside: what two parsers could understand differently is refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::jose {

inline constexpr std::size_t kMaxJsonDepth = 16;

// Parses one JSON object (RFC 8259) and nothing around it but white space. Refused beyond the grammar: a member name
// that comes twice in an object, compared after unescaping (RFC 7515 §4 and RFC 7519 §4 leave that to the reader, and
// readers differ); objects and arrays nested deeper than kMaxJsonDepth; NUL characters, escaped or not; a byte order
// mark; text that is not UTF-8; numbers that fit neither int64 nor a finite double. The size is the caller's to bound.
// INVALID_ARGUMENT with reason "json_duplicate_member" or "json_malformed"; no octet of the text is in the message.
Result<nlohmann::json> ParseStrictJson(std::string_view text);

}  // namespace rootkeep::jose
