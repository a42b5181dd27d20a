// Kubernetes service account tokens and the key set that vouches for them, without a Kubernetes.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "keystore/base/openssl.h"
#include "tests/bench/workload/caller.h"

namespace rootkeep::bench {

struct TokenSpec {
  std::string issuer = "https://kubernetes.default.svc";
  std::string audience = "istio-ca";
  std::chrono::seconds lifetime{std::chrono::hours(12)};
};

// Signs tokens of the shape the API server's TokenRequest gives (bound to a pod and a node) with RS256.
class TokenIssuer {
 public:
  // Makes a fresh RSA-2048 key. Aborts when OpenSSL cannot.
  explicit TokenIssuer(TokenSpec spec);

  // One compact JWS for `account`, about 1 KB, valid from a minute ago.
  [[nodiscard]] std::string Mint(const ServiceAccount& account) const;

  // The JSON Web Key Set (RFC 7517 §5) with the one public key.
  [[nodiscard]] std::string Jwks() const;

 private:
  TokenSpec spec_;
  ossl::PKey key_;
  std::string key_id_;
};

}  // namespace rootkeep::bench
