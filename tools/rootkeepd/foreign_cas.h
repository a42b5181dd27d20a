// Whether others keep CAs below ours.
#pragma once

#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "tools/config/config.h"

namespace rootkeep {

// Whether an entry of api_callers has foreign_ca, or, with a warning in the log, one had it whose CAs have not ended by
// `now`: whoever has the key of one can make a certificate for any identity. Errors as store::Database.
Result<bool> MayHaveForeignCas(const config::Config& config, const std::string& database_path, WallTime now);

}  // namespace rootkeep
