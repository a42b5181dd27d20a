// A second opinion on a certificate that is about to be signed: its bytes are read again and held against the decision.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "signer/certificate/issuer.h"
#include "signer/issuance.h"

namespace rootkeep {

// Reads `tbs` (DER TBSCertificate) with none of the builder's tables and refuses it unless it is DER, follows RFC 5280
// and X509-SVID, and says exactly what `decision` says of an issuer like `issuer`. INTERNAL, because only a fault of
// ours can be behind it, with the first broken rule as reason:
//   lint_der            not a TBSCertificate in DER, or unique identifiers, or something after the extensions
//   lint_version        not version 3
//   lint_serial         not positive, longer than 20 octets, or less than 128 bits of room (RFC 5280 §4.1.2.2)
//   lint_algorithm      not the issuer's signature algorithm
//   lint_issuer         not the issuer's subject, octet for octet
//   lint_validity       not the decided times, out of order, beyond the issuer's, longer than the profile allows
//   lint_subject        not the decided subject; a CA without one, a CN longer than 64 characters; a foreign CA's that
//   is
//                       not a Name in DER
//   lint_key            not the decided public key
//   lint_extension      malformed, unknown, twice, or with the wrong criticality
//   lint_key_usage, lint_ext_key_usage, lint_basic_constraints, lint_name_constraints   not the profile's
//   lint_subject_key_id, lint_authority_key_id   missing, needless, or not the key's and not the issuer's
//   lint_names          not the decided names in order; more than one URI; a SPIFFE ID that has a path on a CA or none
//                       on a leaf (X509-SVID §2, §4); addresses that are not 4 or 16 octets; a node's that do not begin
//                       with a URI or have a wildcard; a foreign CA's that are not one SPIFFE ID alone
Status Lint(ByteView tbs, const Decision& decision, const IssuerView& issuer);

}  // namespace rootkeep
