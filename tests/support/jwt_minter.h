// Service account tokens and their JWK sets, good and hostile, signed by keys made in memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"

namespace rootkeep::testing {

// What a good token says; a test changes what it is about.
struct TokenSpec {
  std::string issuer = "https://issuer.test";
  std::vector<std::string> audiences{"istio-ca"};
  std::string ns = "default";
  std::string service_account = "httpbin";
  std::int64_t issued_at = 0;  // seconds since the Unix epoch; also `nbf`
  std::int64_t lifetime = 3600;
  std::string pod;  // the three `kubernetes.io` facts are left out when empty
  std::string pod_uid;
  std::string node;

  // The payload as the Kubernetes API server writes it.
  [[nodiscard]] std::string ToJson() const;
};

// One signing key of a token issuer.
class JwtMinter {
 public:
  // `algorithm` is RS256, RS384, RS512, PS256, ES256 or ES384; the key is made for it (RSA-2048, P-256, P-384).
  // Without a `kid` neither tokens nor the JWK have one.
  JwtMinter(std::string algorithm, std::string kid);
  // With this key; takes it over.
  JwtMinter(std::string algorithm, std::string kid, ossl::PKey key);

  // A token with the header {"alg":...,"kid":...} over these octets, whatever they are.
  [[nodiscard]] std::string Mint(std::string_view payload) const;
  [[nodiscard]] std::string Mint(const TokenSpec& spec) const { return Mint(spec.ToJson()); }
  // The same with a header of one's own, signed by the minter's algorithm whatever the header says.
  [[nodiscard]] std::string MintWithHeader(std::string_view header, std::string_view payload) const;

  // The JOSE signature over `input`: ECDSA as two coordinates (RFC 7518 §3.4).
  [[nodiscard]] Bytes Sign(std::string_view input) const;

  // The classic forgeries: no signature at all, and an HMAC whose secret is the public key in PEM.
  [[nodiscard]] static std::string MintUnsigned(std::string_view payload);
  [[nodiscard]] std::string MintHs256WithPublicKey(std::string_view payload) const;

  // The public key as a JWK; `extra` is further members, for example R"("use":"sig")".
  [[nodiscard]] std::string Jwk(std::string_view extra = "") const;

  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }

 private:
  std::string algorithm_;
  std::string kid_;
  ossl::PKey key_;
};

// {"keys":[...]} of these JWKs.
std::string JwksOf(std::initializer_list<std::string> jwks);

// header.payload.signature, each in base64url.
std::string CompactJws(std::string_view header, std::string_view payload, ByteView signature);

}  // namespace rootkeep::testing
