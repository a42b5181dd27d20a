// What an attested node may have: its own names, for the key that its TPM vouched for.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "signer/policy/policy.h"

namespace rootkeep {

// The first half of the decision (DecideGrant) for a caller whose method is kAttestedNode: its SPIFFE ID, then the
// names that policy gives to a node of this id. Refusals are UNAUTHENTICATED:
//   node_off            no certificates of profile node are configured
//   node_impersonation  a node asks in another's name
//   node_key            nobody says which key was attested
//   node_identity       not exactly one name, a SPIFFE ID of the authority's trust domain that is not a workload's
Result<Grant> DecideNodeGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                              const Policy& policy);

}  // namespace rootkeep
