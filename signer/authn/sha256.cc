#include "signer/authn/sha256.h"

#include "keystore/base/openssl.h"

namespace rootkeep {

Result<Sha256Digest> Sha256(ByteView data) {
  Sha256Digest digest{};
  if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, ossl::Sha256(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_Digest");
  }
  return digest;
}

}  // namespace rootkeep
