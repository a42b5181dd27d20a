#include "keystore/base/secret_bytes.h"

#include <openssl/crypto.h>

#include <utility>

namespace rootkeep {

SecretBytes::SecretBytes(SecretBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Clear();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

bool SecretBytes::Equals(const SecretBytes& other) const {
  return size() == other.size() && CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), size()) == 0;
}

void SecretBytes::Clear() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace rootkeep
