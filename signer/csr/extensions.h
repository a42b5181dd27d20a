// The extensions a request asks for; only its alternative names are read.
#pragma once

#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "signer/general_name.h"

namespace rootkeep::csr {

struct RequestedExtensions {
  std::vector<GeneralName> sans;  // URI, DNS and IP names in order
  bool other_names = false;       // e-mail addresses
  bool other_extensions = false;
};

// Reads the contents of CertificationRequestInfo.attributes (RFC 2986 §4.1): at most 16, among them at most one
// extensionRequest (RFC 2985 §5.4.2) of at most 32 extensions, none twice. INVALID_ARGUMENT with reason "csr_parse".
Result<RequestedExtensions> ParseAttributes(ByteView attributes);

}  // namespace rootkeep::csr
