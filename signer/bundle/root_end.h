// Until when certificates on record depend on a root.
#pragma once

#include <cstdint>
#include <string_view>

#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep {

// When the last certificate below the root ends, Unix seconds; 0 when none was ever asked for. Counted are all
// certificates in the ledger, failed ones too, of issuing certificates that chain to the root (its fingerprint) in this
// trust domain, or of which it is not on record to which root they chain (they signed before there was such a record,
// and are loaded no longer). Reads a row for each issuing certificate.
Result<std::int64_t> LastEndBelow(store::Database& database, std::string_view trust_domain, std::string_view root);

}  // namespace rootkeep
