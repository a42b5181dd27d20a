// Keys with what the catalogue knows about them, in words and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "keystore/catalog/sweep.h"

namespace rootkeep::cli {

std::string LabelOf(const Compared& row);

// "ACTIVE"; MISSING already when its key is not in the token; "-" for a key without a row.
std::string StateText(const Compared& row);

// The row: state, dates, level, users, and what is to be said about it.
nlohmann::ordered_json CatalogJson(const Compared& row);

// A whole member of `key list --json`: the key as the token has it, or what the row knows of it.
nlohmann::ordered_json ListedJson(const Compared& row);

}  // namespace rootkeep::cli
