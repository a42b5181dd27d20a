// What whoever keeps a CA of its own, SPIRE for example, may have: a certificate for it below ours.
#pragma once

#include <string_view>

#include "keystore/base/result.h"
#include "signer/policy/policy.h"

namespace rootkeep {

// The first half of the decision (DecideGrant) for a request of profile foreign-ca: the trust domain's own name, under
// the terms of the caller's entry in api_callers, which also say what names nothing below it may have. Refusals:
//   PERMISSION_DENIED  api_caller, requirement_*  as FindApiCaller
//                      profile                    its entry does not say so
//   INVALID_ARGUMENT   impersonation              it asks in another's name
//                      ttl                        a negative lifetime
Result<Grant> DecideForeignCaGrant(const Caller& caller, const IssuanceRequest& request, std::string_view trust_domain,
                                   const Policy& policy);

// The second half: the request's subject as KeptSubject has it, the granted name, which the request must have and no
// other, and the lifetime. Extensions that the request asks for are never copied. Refusals:
//   INVALID_ARGUMENT     csr_san      not exactly one name, a URI
//                        csr_subject  as KeptSubject, or the subject of the issuer, of a CA above it or of a root
//                        csr_key      not P-256, P-384 or RSA with 2048, 3072 or 4096 bits and exponent 65537
//   PERMISSION_DENIED    csr_san      another URI than the trust domain's
//   FAILED_PRECONDITION  ca_path_length  the issuer's path leaves no room for such a CA
// and those of DecideValidity.
Result<Decision> DecideForeignCa(Grant grant, const IssuanceRequest& request, const Csr& csr, const IssuerTerms& issuer,
                                 WallTime now);

}  // namespace rootkeep
