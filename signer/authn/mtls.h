// Authenticates by the client certificate of the connection (istio: ClientCertAuthenticator).
#pragma once

#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/authn/authenticator.h"
#include "signer/authn/client_certificate.h"
#include "signer/authn/digest_cache.h"

namespace rootkeep {

// No certificate: not mine. A certificate that ReadClientCertificate refuses, or that has expired since the handshake
// of a long connection, is a refusal: no token is looked at. The caller's identities are all names of the certificate.
// A certificate read once is recognised by its digest, so that a kept connection pays for the parsing once; refusals
// are not kept. Thread-safe; at most `cache_capacity` certificates (about 1 KiB each) are remembered.
class MtlsAuthenticator final : public Authenticator {
 public:
  // `clock` outlives the authenticator.
  MtlsAuthenticator(std::vector<std::string> trust_domains, const Clock& clock, std::size_t cache_capacity = 16384)
      : trust_domains_(std::move(trust_domains)), clock_(clock), cache_(cache_capacity) {}

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override;

  // How many certificates are remembered.
  [[nodiscard]] std::size_t cached() const { return cache_.size(); }

 private:
  struct Known {
    Caller caller;
    WallTime not_after;
  };

  [[nodiscard]] Result<std::shared_ptr<const Known>> Recognise(std::string_view pem) const;

  std::vector<std::string> trust_domains_;
  const Clock& clock_;
  mutable DigestCache<Known> cache_;
};

}  // namespace rootkeep
