#include "keystore/base/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>

namespace rootkeep::ossl {

Error TakeError(Code code, std::string_view call) {
  const unsigned long newest = ERR_peek_last_error();  // NOLINT(google-runtime-int): OpenSSL's type
  ERR_clear_error();
  const char* reason = newest == 0 ? nullptr : ERR_reason_error_string(newest);
  std::string message = reason == nullptr ? fmt::format("{} failed", call) : fmt::format("{} failed: {}", call, reason);
  return Error(code, std::move(message)).WithNative({"OpenSSL", newest, ""});
}

void ClearErrors() { ERR_clear_error(); }

}  // namespace rootkeep::ossl
