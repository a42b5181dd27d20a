#include "keystore/base/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>

namespace rootkeep::ossl {
namespace {

// Never freed, like OpenSSL's own.
const EVP_MD* Fetch(const EVP_MD* unfetched) {
  const EVP_MD* fetched = EVP_MD_fetch(nullptr, EVP_MD_get0_name(unfetched), nullptr);
  if (fetched == nullptr) ClearErrors();
  return fetched == nullptr ? unfetched : fetched;
}

}  // namespace

const EVP_MD* Sha1() {
  static const EVP_MD* const algorithm = Fetch(EVP_sha1());
  return algorithm;
}

const EVP_MD* Sha256() {
  static const EVP_MD* const algorithm = Fetch(EVP_sha256());
  return algorithm;
}

const EVP_MD* Sha384() {
  static const EVP_MD* const algorithm = Fetch(EVP_sha384());
  return algorithm;
}

const EVP_MD* Sha512() {
  static const EVP_MD* const algorithm = Fetch(EVP_sha512());
  return algorithm;
}

Error TakeError(Code code, std::string_view call) {
  const unsigned long newest = ERR_peek_last_error();  // NOLINT(google-runtime-int): OpenSSL's type
  ERR_clear_error();
  const char* reason = newest == 0 ? nullptr : ERR_reason_error_string(newest);
  std::string message = reason == nullptr ? fmt::format("{} failed", call) : fmt::format("{} failed: {}", call, reason);
  return Error(code, std::move(message)).WithNative({"OpenSSL", newest, ""});
}

void ClearErrors() { ERR_clear_error(); }

}  // namespace rootkeep::ossl
