// Entries of the ledger in words and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "signer/ledger/ledger.h"

namespace rootkeep::cli {

std::vector<std::string> EntryLines(const LedgerEntry& entry);

// `whole` adds the certificate and the to-be-signed part, both base64 of DER.
nlohmann::ordered_json EntryJson(const LedgerEntry& entry, bool whole);

}  // namespace rootkeep::cli
