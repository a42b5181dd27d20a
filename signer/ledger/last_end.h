// Until when certificates live that were asked for.
#pragma once

#include <cstdint>
#include <string_view>

#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep {

// When the last certificate of this profile ends, Unix seconds; 0 when none was ever asked for. Certificates of every
// trust domain count, and failed ones too. Reads a row for each issuing certificate.
Result<std::int64_t> LastEndOfProfile(store::Database& database, std::string_view profile);

}  // namespace rootkeep
