// Which client certificates count where somebody else keeps a CA below ours: that CA can make a certificate for any
// identity of the trust domain, and with one that counted could have others from us that outlive it.
#pragma once

#include <memory>
#include <string_view>

#include "keystore/base/snapshot.h"
#include "signer/authn/authenticator.h"
#include "signer/authority/authority_set.h"

namespace rootkeep {

// Whether the first certificate of `pem` was signed by the key of an authority that is loaded for this trust domain.
bool IsDirectlyIssued(std::string_view pem, std::string_view trust_domain, const AuthoritySet& authorities);

// Lets pass what `inner` says, but for callers known by a client certificate that no loaded authority has issued
// itself, and that no CA of client_anchors_file has: UNAUTHENTICATED with reason "certificate_issuer". A certificate of
// an issuing key that was replaced meanwhile is refused too; its holder comes with a token. Thread-safe; what was said
// of a certificate is recognised by its digest, until the authorities are others.
class DirectIssueAuthenticator final : public Authenticator {
 public:
  // `authorities` outlives this.
  DirectIssueAuthenticator(std::shared_ptr<const Authenticator> inner, const AuthoritySet& authorities);
  ~DirectIssueAuthenticator() override;

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override;

  // How many certificates something is remembered of.
  [[nodiscard]] std::size_t cached() const;

 private:
  class Issuers;

  [[nodiscard]] std::shared_ptr<const Issuers> Current() const;

  const std::shared_ptr<const Authenticator> inner_;
  const AuthoritySet& authorities_;
  mutable Snapshot<Issuers> issuers_;
};

}  // namespace rootkeep
