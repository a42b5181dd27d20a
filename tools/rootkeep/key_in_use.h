// Which keys an authority signs with.
#pragma once

#include <string>

#include "keystore/catalog/entry.h"

namespace rootkeep::cli {

// FAILED_PRECONDITION with reason "key_in_use", naming the authority, for the key that an authority has: with a
// configuration file those it names, without one every authority of the state directory, by its newest generation.
// What cannot be read is an error too.
Status CheckNotInUse(const CatalogEntry& entry, const std::string& config_path, const std::string& state);

}  // namespace rootkeep::cli
