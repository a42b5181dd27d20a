// The reason words of refusals: one word a cause, for the audit record, metrics and tests. Clients never see them.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/error.h"

namespace rootkeep::refusal {

inline constexpr std::string_view kNoCredential = "no_credential";

inline constexpr std::string_view kCertificateMalformed = "certificate_malformed";
inline constexpr std::string_view kCertificateSan = "certificate_san";  // a name that does not parse or has no place
inline constexpr std::string_view kCertificateNoUri = "certificate_no_uri";
inline constexpr std::string_view kCertificateUris = "certificate_uris";          // more than one
inline constexpr std::string_view kCertificateIdentity = "certificate_identity";  // not spiffe://td/ns/x/sa/y
inline constexpr std::string_view kCertificateTrustDomain = "certificate_trust_domain";
inline constexpr std::string_view kCertificatePurpose = "certificate_purpose";  // no clientAuth, or a CA
inline constexpr std::string_view kCertificateIssuer = "certificate_issuer";    // not one of our authorities
inline constexpr std::string_view kCertificateExpired = "certificate_expired";  // during a long connection

// Of a node's certificate that a call came with: signer/node/recorded_nodes.h has the conditions.
inline constexpr std::string_view kNodeAlone = "node_alone";  // without a token
inline constexpr std::string_view kNodeCertificateUnknown = "node_certificate_unknown";
inline constexpr std::string_view kNodeCertificateOld = "node_certificate_old";
inline constexpr std::string_view kNodeEk = "node_ek";
inline constexpr std::string_view kNodeUnknown = "node_unknown";
inline constexpr std::string_view kNodeHeld = "node_held";
inline constexpr std::string_view kNodeUnproved = "node_unproved";
inline constexpr std::string_view kNodeFailed = "node_failed";
inline constexpr std::string_view kNodeDenied = "node_denied";
inline constexpr std::string_view kNodeReenrol = "node_reenrol";
inline constexpr std::string_view kNodeLapsed = "node_lapsed";
// Evidence that the caller's key is in the node's TPM, which it does not show.
inline constexpr std::string_view kKeyEvidence = "key_evidence";

inline constexpr std::string_view kTokenTooLarge = "token_too_large";
inline constexpr std::string_view kTokenMalformed = "token_malformed";
inline constexpr std::string_view kTokenDuplicateMember = "token_duplicate_member";
inline constexpr std::string_view kTokenAlg = "token_alg";
inline constexpr std::string_view kTokenCritical = "token_critical";  // a `crit` or `b64` header
inline constexpr std::string_view kTokenIssuer = "token_issuer";
inline constexpr std::string_view kTokenAudience = "token_audience";
inline constexpr std::string_view kTokenExpired = "token_expired";
inline constexpr std::string_view kTokenNotYetValid = "token_not_yet_valid";
inline constexpr std::string_view kTokenSubject = "token_subject";
inline constexpr std::string_view kTokenNamespace = "token_namespace";
inline constexpr std::string_view kTokenKeyUnknown = "token_key_unknown";
inline constexpr std::string_view kTokenKeyAmbiguous = "token_key_ambiguous";
inline constexpr std::string_view kTokenSignature = "token_signature";
inline constexpr std::string_view kClusterUnknown = "cluster_unknown";
inline constexpr std::string_view kJwksUnavailable = "jwks_unavailable";

}  // namespace rootkeep::refusal

namespace rootkeep {

// UNAUTHENTICATED with one of the reasons above.
inline Error Refusal(std::string_view reason, std::string message) {
  return Unauthenticated(std::move(message)).WithReason(reason);
}

}  // namespace rootkeep
