// Which certificates on record still depend on a root.
#pragma once

#include <cstdint>
#include <string_view>

#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep {

struct Outstanding {
  std::int64_t count = 0;
  std::int64_t last_not_after = 0;  // Unix seconds; of the one that lives longest
};

struct OutstandingQuery {
  std::string_view trust_domain;
  std::string_view root;  // fingerprint
  std::int64_t now = 0;   // Unix seconds
  // Only entries of the ledger with an id above `after`, up to and including `through`.
  std::int64_t after = 0;
  std::int64_t through = INT64_MAX;
};

// The ledger's certificates, issued or possibly issued and not expired, whose issuing certificate chains to the root,
// or of whose issuing certificate it is not on record to which root it chains (it signed before there was such a
// record, and is loaded no longer). Reads these entries of the ledger one by one.
Result<Outstanding> CountOutstanding(store::Database& database, const OutstandingQuery& query);

// The newest id in the ledger.
Result<std::int64_t> NewestEntry(store::Database& database);

}  // namespace rootkeep
