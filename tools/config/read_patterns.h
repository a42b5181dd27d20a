// Patterns of identities, wherever the configuration lists them. Private to this folder.
#pragma once

#include <string_view>
#include <vector>

#include "proto/rootkeep/config/v1/config.pb.h"
#include "signer/policy/identity_pattern.h"
#include "tools/config/config.h"
#include "tools/config/section.h"

namespace rootkeep::config {

// The list `field` of `section`, of which one entry at least is required; each matches something in a trust domain of
// `config`.
std::vector<IdentityPattern> ReadPatterns(const Section& section, std::string_view field,
                                          const google::protobuf::RepeatedPtrField<v1::IdentityPattern>& items,
                                          const Config& config);

}  // namespace rootkeep::config
