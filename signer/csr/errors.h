// The refusals of this folder, one for each reason word that csr.h names.
#pragma once

#include <string>

#include "keystore/base/error.h"

namespace rootkeep::csr {

inline Error NotPem(std::string message) { return InvalidArgument(std::move(message)).WithReason("csr_pem"); }
inline Error NotParsed(std::string message) { return InvalidArgument(std::move(message)).WithReason("csr_parse"); }
inline Error BadKey(std::string message) { return InvalidArgument(std::move(message)).WithReason("csr_key"); }
inline Error BadSignature(std::string message) {
  return InvalidArgument(std::move(message)).WithReason("csr_signature");
}

}  // namespace rootkeep::csr
