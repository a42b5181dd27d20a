// A service account token in a file.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep {

// White space around it is dropped, as istio-agent does; any mode will do, because Kubernetes projects tokens with mode
// 0644. INVALID_ARGUMENT when what is left is empty or holds anything but visible ASCII; errors as ReadFile. Not
// quoted.
Result<SecretBytes> ReadTokenFile(const std::string& path);

}  // namespace rootkeep
