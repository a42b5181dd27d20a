// Requests for certificates of keys that never leave their device.
#pragma once

#include <string>
#include <vector>

#include "keystore/signer.h"
#include "signer/general_name.h"

namespace rootkeep {

// PEM of a PKCS#10 request (RFC 2986 §4) with an empty subject and, where there are any, `names` as critical subject
// alternative name. Errors as Signer::Sign.
Result<std::string> MakeLeafCsr(const Signer& signer, const std::vector<GeneralName>& names, Deadline deadline);

}  // namespace rootkeep
