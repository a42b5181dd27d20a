// Who may ask for a certificate in another's name (istio-protocol.md §2.3). Nobody, unless a rule says so.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"
#include "signer/caller.h"
#include "signer/policy/identity_pattern.h"
#include "signer/policy/placement.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

struct ImpersonationRule {
  std::string name;
  std::vector<IdentityPattern> callers;
  std::vector<IdentityPattern> targets;
  // Null only in a rule whose configuration says unsafe_without_placement: true.
  std::shared_ptr<const Placement> placement;
};

// What the configuration says about impersonation. Immutable once built.
struct ImpersonationPolicy {
  std::vector<ImpersonationRule> rules;  // the first that allows wins
  // By name of the token issuer (Caller::authenticator): the namespaces its tokens may speak for. A token of one
  // issuer never obtains, by impersonation either, an identity outside them. An issuer without an entry is unbounded.
  std::map<std::string, std::vector<TextPattern>, std::less<>> issuer_namespaces;
};

struct Impersonation {
  SpiffeId target;
  std::string rule;
};

// Decides whether `caller` gets a certificate for `identity` from an authority of `trust_domain`. Every refusal is
// UNAUTHENTICATED; the edge shows the client one opaque sentence, the reason is for the record:
//   impersonation_off           no rules at all
//   impersonation_caller        not a token caller with one SPIFFE identity, or named by no rule. A client certificate
//                               tells no node and no pod, and as in istiod never impersonates, whatever the rules say
//   impersonation_target        not a SPIFFE ID, or no rule lets this caller have it
//   impersonation_trust_domain  the target's, or the caller's, is not the authority's
//   impersonation_issuer        outside what the caller's token issuer may speak for
//   impersonation_node          the rule wants placement and the token names no cluster and node
//   impersonation_placement     the target does not run on the caller's node, or nobody knows yet
Result<Impersonation> DecideImpersonation(const Caller& caller, std::string_view identity,
                                          std::string_view trust_domain, const ImpersonationPolicy& policy);

}  // namespace rootkeep
