// What a certificate that was issued names.
#pragma once

#include <string_view>
#include <vector>

#include "signer/general_name.h"

namespace rootkeep::agent {

// Of `names`, those that the first certificate of `chain_pem` does not have as subject alternative names; all of them
// when there is none that can be read. DNS names are compared without their case (RFC 4343).
std::vector<GeneralName> MissingNames(std::string_view chain_pem, const std::vector<GeneralName>& names);

// Whether the first certificate of `chain_pem` has every URI among `names` as a subject alternative name. Other names
// are not looked at: whether a CA gives those is its decision, while a SPIFFE ID says who somebody is.
bool NamesAllUris(std::string_view chain_pem, const std::vector<GeneralName>& names);

}  // namespace rootkeep::agent
