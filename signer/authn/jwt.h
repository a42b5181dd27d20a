// Authenticates by a Kubernetes service account token in the authorization header (istio: OIDC and KubeJWT).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/authn/authenticator.h"
#include "signer/authn/digest_cache.h"
#include "signer/authn/jwks.h"
#include "signer/authn/jwks_registry.h"
#include "signer/authn/jwt_config.h"

namespace rootkeep {

inline constexpr std::size_t kTokenCacheCapacity = 65536;  // about 1 KiB each

// The first authorization value that starts with exactly "Bearer " holds the token (istio-protocol §1.3); none: not
// mine. The token's unverified `iss` chooses exactly one issuer, whose configuration alone says what it may stand for.
//
// A token that verified is remembered by its SHA-256 digest until its `exp`, or until its issuer's keys change; the
// clusterid header, which is not part of the token, is judged at every call. Refusals are not remembered: keys may
// arrive, clocks move, and garbage is cheap to refuse, since everything that needs no key is checked before the
// signature. So the reason of a refusal may rest on claims that nobody verified. Thread-safe, never blocks.
class JwtAuthenticator final : public Authenticator {
 public:
  // Takes one key source an issuer from `sources`; an issuer whose keys cannot be had refuses with "jwks_unavailable"
  // until they can.
  // `clock` outlives the authenticator. Errors as CheckTokenIssuers.
  static Result<std::unique_ptr<JwtAuthenticator>> Create(std::vector<TokenIssuerConfig> issuers,
                                                          jose::JwksRegistry& sources, const Clock& clock,
                                                          std::size_t cache_capacity = kTokenCacheCapacity);
  ~JwtAuthenticator() override;

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override;

  struct IssuerStatus {
    std::string name;
    jose::JwksStatus jwks;
  };
  // One entry an issuer in configured order, for readiness, metrics and doctor.
  [[nodiscard]] std::vector<IssuerStatus> DescribeIssuers() const;

  // How many tokens are remembered.
  [[nodiscard]] std::size_t cached() const { return cache_.size(); }

 private:
  struct Issuer;
  struct Known;

  JwtAuthenticator(std::vector<std::unique_ptr<Issuer>> issuers, const Clock& clock, std::size_t cache_capacity);

  [[nodiscard]] Result<Caller> Recognise(std::string_view token, std::string_view cluster_id) const;
  [[nodiscard]] Result<std::shared_ptr<const Known>> Verify(std::string_view token, std::string_view cluster_id,
                                                            const Sha256Digest& digest) const;

  std::vector<std::unique_ptr<Issuer>> issuers_;
  const Clock& clock_;
  mutable DigestCache<Known> cache_;
};

}  // namespace rootkeep
