// The subject a request asks for; only its common name is read.
#pragma once

#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::csr {

// The last common name in the contents of a Name (RFC 5280 §4.1.2.4), empty when there is none. An attribute with an
// empty value is accepted (istio-agent sends an empty organisation). INVALID_ARGUMENT with reason "csr_parse" for more
// than 32 attributes, or values that are not UTF8String, PrintableString or IA5String.
Result<std::string> ParseSubject(ByteView name);

}  // namespace rootkeep::csr
