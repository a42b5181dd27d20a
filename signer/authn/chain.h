// Asks authenticators in order; the first decisive answer stands.
#pragma once

#include <memory>
#include <vector>

#include "signer/authn/authenticator.h"

namespace rootkeep {

// Certificates first, then tokens (architecture §4.2): a refusal by one is final, "not mine" lets the next try.
// Thread-safe when its members are.
class AuthenticatorChain final : public Authenticator {
 public:
  explicit AuthenticatorChain(std::vector<std::shared_ptr<const Authenticator>> members)
      : members_(std::move(members)) {}

  // Never NotMine: when no member answers, a refusal with reason "no_credential".
  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override;

 private:
  const std::vector<std::shared_ptr<const Authenticator>> members_;
};

}  // namespace rootkeep
