// From configuration to what the signer judges by.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "signer/policy/placement.h"
#include "signer/policy/policy.h"
#include "tools/config/config.h"

namespace rootkeep::config {

using Placements = std::map<std::string, std::shared_ptr<const rootkeep::Placement>>;

// `placements` holds, by name, every placement of the configuration; a rule whose placement is missing from it is left
// out, so that it allows nothing.
Policy MakePolicy(const Config& config, const Placements& placements);

}  // namespace rootkeep::config
