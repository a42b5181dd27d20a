// Second opinions on JSON, JWKs and JWS from libraries the product does not use for them: jansson and cjose.
#pragma once

#include <string>
#include <string_view>

namespace rootkeep::testing {

// Whether jansson reads `text` as one value without a duplicate member.
bool JanssonReads(std::string_view text);

// Whether cjose takes `jwk` for a key.
bool CjoseReadsKey(const std::string& jwk);

// Whether cjose finds the compact `token` signed by the key `jwk`.
bool CjoseVerifies(std::string_view token, const std::string& jwk);

}  // namespace rootkeep::testing
