#include "signer/client/token_file.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "keystore/base/file.h"

namespace rootkeep {

Result<SecretBytes> ReadTokenFile(const std::string& path) {
  constexpr std::size_t kMaxToken = std::size_t{64} * 1024;
  constexpr std::string_view kBlank = " \t\r\n";
  RK_TRY(std::string content, ReadFile(path, kMaxToken));
  std::string_view token = content;
  token.remove_prefix(std::min(token.find_first_not_of(kBlank), token.size()));
  token = token.substr(0, token.find_last_not_of(kBlank) + 1);
  SecretBytes secret(token);
  OPENSSL_cleanse(content.data(), content.size());
  if (secret.empty()) return InvalidArgument(path + " holds no token");
  if (!std::ranges::all_of(secret.RevealForUse(), [](std::uint8_t octet) { return octet > 0x20 && octet < 0x7f; })) {
    return InvalidArgument(path + " is no token: it holds a blank or an octet that is not printable ASCII");
  }
  return secret;
}

}  // namespace rootkeep
