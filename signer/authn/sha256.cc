#include "signer/authn/sha256.h"

#include "keystore/base/openssl.h"

namespace rootkeep {

Result<Sha256Digest> Sha256(ByteView data) {
  // Fetched once: an implicit fetch at every digest costs more than hashing a token. Never freed, like OpenSSL's own.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Sha256Digest digest{};
  if (algorithm == nullptr || EVP_Digest(data.data(), data.size(), digest.data(), nullptr, algorithm, nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return digest;
}

}  // namespace rootkeep
