// What the signature algorithm of a certificate must say.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::lint {

// `algorithm` (DER AlgorithmIdentifier) is exactly the one of `scheme`; reason "lint_algorithm".
Status CheckAlgorithm(ByteView algorithm, SignatureScheme scheme);

}  // namespace rootkeep::lint
