#include "signer/authn/chain.h"

#include "signer/authn/refusal.h"

namespace rootkeep {

AuthOutcome AuthenticatorChain::Authenticate(const CallContext& call) const {
  for (const auto& member : members_) {
    AuthOutcome outcome = member->Authenticate(call);
    if (!std::holds_alternative<NotMine>(outcome)) return outcome;
  }
  return Refusal(refusal::kNoCredential, "neither a client certificate nor a bearer token was presented");
}

}  // namespace rootkeep
