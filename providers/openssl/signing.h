// How an agent's key signs. Set up without asking anybody.
#pragma once

#include <openssl/params.h>

#include <optional>

#include "providers/openssl/key.h"

namespace rootkeep::provider {

// The hash that OpenSSL's users call so; empty when the key socket has no scheme with it.
std::optional<Hash> HashNamed(std::string_view name) noexcept;
const char* NameOf(Hash hash) noexcept;
std::size_t SizeOf(Hash hash) noexcept;

// The choices that a caller makes for a signature, each in any order.
class Signing {
 public:
  // False when the key has no scheme with this hash; empty is the key's usual one.
  [[nodiscard]] bool ChooseHash(const Key& key, std::string_view name) noexcept;
  // Of a caller that says nothing: what an ECDSA or Ed25519 key can do at all. Nothing for RSA.
  void ChooseUsualHash(const Key& key) noexcept;
  // From now on no other hash is taken.
  void FixHash() noexcept { hash_is_fixed_ = true; }
  // Padding, salt, digests: numbers or words. False, with the reason raised, for what no agent's key does.
  [[nodiscard]] bool Set(const Key& key, const OSSL_PARAM params[]) noexcept;
  [[nodiscard]] bool Get(const Key& key, OSSL_PARAM params[]) const noexcept;

  // Empty until everything fits.
  [[nodiscard]] std::optional<keysocket::WireScheme> Scheme(const Key& key) const noexcept;
  [[nodiscard]] std::optional<Hash> hash() const noexcept { return hash_; }

 private:
  static constexpr int kSaltAsDigest = -1;  // RSA_PSS_SALTLEN_DIGEST

  // What is wrong with them; null when nothing is.
  [[nodiscard]] const char* SetForRsa(const OSSL_PARAM params[]) noexcept;
  [[nodiscard]] bool SetPadding(const OSSL_PARAM& param) noexcept;
  [[nodiscard]] bool SetSalt(const OSSL_PARAM& param) noexcept;

  std::optional<Hash> hash_;
  std::optional<Hash> mgf1_;
  bool hash_is_fixed_ = false;
  bool pss_ = false;
  int salt_ = kSaltAsDigest;
};

// DER AlgorithmIdentifier of the scheme's signatures, as OpenSSL writes it for a key in a file.
keysocket::Octets AlgorithmIdentifier(keysocket::WireScheme scheme) noexcept;

const OSSL_PARAM* SettableSigning() noexcept;
const OSSL_PARAM* GettableSigning() noexcept;

}  // namespace rootkeep::provider
