// The one migration table: which tables exist, in which version.
#pragma once

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/store/database.h"

namespace rootkeep::store {

// Brings the database to this program's version, each step in a transaction of its own. FAILED_PRECONDITION with
// reason "schema_newer" when a newer program already changed it.
Status Migrate(Database& database, const Clock& clock);

// For read-only use: FAILED_PRECONDITION with reason "schema_newer", or "schema_older" when the daemon has not
// brought it to this version yet.
Status CheckSchema(Database& database);

// The newest version this program knows.
int SchemaVersion();

}  // namespace rootkeep::store
