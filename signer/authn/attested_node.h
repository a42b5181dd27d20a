// Authenticates callers whose connection is an attested node's: who they are by token, from where by the certificate.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "signer/authn/authenticator.h"
#include "signer/authn/digest_cache.h"
#include "signer/authn/node_registry.h"

namespace rootkeep {

// No certificate, or one that is no node's by its name: not mine. A node's certificate that the registry does not know,
// or whose node is not attested now, is a refusal whatever token comes with it. So is one alone: a node answers for
// nobody. Evidence for the caller's key that this node's TPM does not back is a refusal too, whether needed or not. A
// certificate read once is recognised by its digest; the registry is asked at every call. Thread-safe; at most
// `cache_capacity` certificates are remembered.
class AttestedNodeAuthenticator final : public Authenticator {
 public:
  // `nodes` and `clock` outlive the authenticator. `tokens` says who calls.
  AttestedNodeAuthenticator(std::vector<std::string> trust_domains, const NodeRegistry& nodes,
                            std::shared_ptr<const Authenticator> tokens, const Clock& clock,
                            std::size_t cache_capacity = 16384)
      : trust_domains_(std::move(trust_domains)),
        nodes_(nodes),
        tokens_(std::move(tokens)),
        clock_(clock),
        cache_(cache_capacity) {}

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override;

 private:
  using Known = std::optional<NodeLeaf>;  // nothing: no node's

  [[nodiscard]] Result<std::shared_ptr<const Known>> Recognise(std::string_view pem) const;
  [[nodiscard]] Result<NodeRegistry::Entry> NodeOf(const NodeLeaf& certificate) const;

  const std::vector<std::string> trust_domains_;
  const NodeRegistry& nodes_;
  const std::shared_ptr<const Authenticator> tokens_;
  const Clock& clock_;
  mutable DigestCache<Known> cache_;
};

}  // namespace rootkeep
