// What a caller may have: pure decisions from what was proved, what was asked and what is configured. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/caller.h"
#include "signer/csr/csr.h"
#include "signer/general_name.h"
#include "signer/issuance.h"
#include "signer/policy/api_caller.h"
#include "signer/policy/impersonation.h"
#include "signer/policy/lifetime.h"
#include "signer/policy/node_names.h"
#include "signer/policy/requirement.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// What becomes of the names a request asks for. They are never copied into a certificate.
enum class CsrSan : std::uint8_t {
  kIgnore,  // as istiod: overwritten by the caller's identities, whatever they are
  kStrict,  // a request that names anything the caller does not get is INVALID_ARGUMENT; one without names is fine
};

// Immutable once built, shared by all requests.
struct Policy {
  CsrSan csr_san = CsrSan::kIgnore;
  ImpersonationPolicy impersonation;
  std::vector<Requirement> requirements;
  std::optional<LifetimeRules> node_lifetime;  // of certificates of profile node; none: no node gets one
  NodeNames node_names;                        // in these certificates, beside the node's own
  std::vector<ApiCaller> api_callers;
  ExcludedNames our_hosts;  // under which this service and its nodes' relays are known
};

// The issuing side of a decision.
struct IssuerTerms {
  Profile profile;  // of the certificate; its lifetime rules bind
  IssuerValidity validity;
  std::span<const Bytes> ca_names = {};     // as Authority::ca_names, which outlive this
  std::optional<unsigned> room_below = {};  // as Authority::room_below
};

// The names a caller may have, and what allowed them.
struct Grant {
  std::vector<GeneralName> sans;
  // "self", "attested-node" or the impersonation rule's name; with ", key attested" behind it where `spki` was shown to
  // be in the TPM of the node that carried the call.
  std::string rule;
  std::optional<Profile> profile;     // instead of the issuer's terms'
  Bytes spki;                         // of the only key it may be for, DER; empty: any key
  std::optional<WallTime> not_after;  // at the latest
};

// First half, decided before the request's bytes are looked at (istio-protocol.md §1.6, case 28): the caller's own
// identities in order, or the one it impersonates. UNAUTHENTICATED with a reason for the record: "no_identity";
// "trust_domain" when a caller of another trust domain asks this authority; "impersonation_api_caller" when an entry of
// api_callers is known by the identity that another asks for; the impersonation_* words of
// impersonation.h, the node_* words of node_grant.h. PERMISSION_DENIED with the requirement_* words of requirement.h:
// what the impersonated identity requires must hold, and what the caller's own does. A request that names a profile is
// for foreign-ca (foreign_ca.h); PERMISSION_DENIED "profile" for any other.
Result<Grant> DecideGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                          const Policy& policy);

// Second half: names, common name, lifetime. `csr` has proved possession already. INVALID_ARGUMENT with reason
// "csr_san", "ttl" or "ttl_minimum"; UNAUTHENTICATED "node_key" for a key that was not attested; UNAVAILABLE with the
// reasons of lifetime.h. Whoever asks for too much and asks an issuer that cannot serve hears of what it asked first.
// The common name (case 34) is the first granted name, if the request has one and it fits the 64 characters of
// RFC 5280's ub-common-name; otherwise empty.
Result<Decision> Decide(Grant grant, const IssuanceRequest& request, const Csr& csr, const IssuerTerms& issuer,
                        const Policy& policy, WallTime now);

}  // namespace rootkeep
