// A test token issuer: signs service account tokens with a key in a file, where a cluster's API server would. Whoever
// reads that file can be anybody, so nothing but a sandbox trusts it.
#pragma once

#include <chrono>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::cli {

// Whom a token speaks for, and where it was running; the shape of a Kubernetes bound service account token.
struct TokenSubject {
  std::string ns;
  std::string service_account;
  std::string node;  // empty: no node claim
};

class TestIssuer {
 public:
  static constexpr char kIssuer[] = "rootkeep-test-issuer";
  static constexpr char kAudience[] = "istio-ca";
  static constexpr char kCluster[] = "Kubernetes";

  // A fresh RSA-2048 key in memory. All keys have the same key id: a forged token differs in its signature alone.
  static Result<TestIssuer> Make();
  // The key in `path` (PEM, mode 0600), or a fresh one that is written there.
  static Result<TestIssuer> OpenOrMake(const std::string& path);

  // A JWT (RFC 7519) signed with RS256, valid from `now` for `lifetime`.
  [[nodiscard]] Result<SecretBytes> Mint(const TokenSubject& subject, WallTime now,
                                         std::chrono::seconds lifetime) const;

  // The public key as a JWK set (RFC 7517 §5).
  [[nodiscard]] Result<std::string> Jwks() const;

 private:
  explicit TestIssuer(ossl::PKey key) : key_(std::move(key)) {}

  ossl::PKey key_;
};

}  // namespace rootkeep::cli
