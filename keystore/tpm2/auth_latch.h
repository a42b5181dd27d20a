// Which auth values a TPM has refused, so that they are not sent to it again.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::tpm2 {

// On record in a file beside the auth value, so that it outlives the process: "1", a line break, and the SHA-256 of the
// value. Another value is sent again: an operator has put it there. For a key with dictionary attack protection each
// refusal counts towards the lockout of the whole TPM.
class AuthLatch {
 public:
  explicit AuthLatch(std::string path) : path_(std::move(path)) {}

  // FAILED_PRECONDITION "auth_latched" when this value was refused.
  [[nodiscard]] Status Check(const SecretBytes& auth) const;
  // The TPM refused it. Logged, and on record as far as that can be written.
  void Refused(const SecretBytes& auth) const;

 private:
  const std::string path_;
};

}  // namespace rootkeep::tpm2
