// Certificates and requests of CAs themselves: what a ceremony makes and what comes back from a root kept elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/signer.h"
#include "signer/csr/csr.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// Who a CA is. Distinct for every generation: see RootCommonName and IssuingCaCommonName.
struct CaSubject {
  std::string
      trust_domain;  // organisation, and, when it is a SPIFFE trust domain, the CA's own SPIFFE ID (X509-SVID §4)
  std::string common_name;  // 1 to 64 characters
};

struct CaTerms {
  Profile profile;
  std::chrono::seconds ttl{0};  // 0: the profile's default
};

// DER of a self-signed root for `signer`'s key, valid from `now` less the backdating. Every certificate here is linted
// before it is signed and its signature checked in software before it is returned. INVALID_ARGUMENT for a subject or a
// lifetime out of bounds (reasons "ca_subject", "ttl"); otherwise Sign's errors.
Result<Bytes> SelfSignRoot(const Signer& signer, const CaSubject& subject, const CaTerms& terms, WallTime now,
                           Deadline deadline);

// A CA that issues for another: its certificate and its key.
struct CaIssuer {
  ByteView certificate_der;
  const Signer& signer;
};

// DER of a certificate for the key of `csr`, whose proof of possession is checked and whose names are not looked at.
// Ends with the issuer at the latest. FAILED_PRECONDITION when the issuer may not: key (reason "ca_key"), not a CA
// ("ca_profile"), no room for the path length ("ca_path_length"), less life left than the profile's minimum
// ("ca_lifetime"), the same subject as the issuer's ("ca_subject").
Result<Bytes> IssueCaCertificate(const CaIssuer& issuer, const Csr& csr, const CaSubject& subject, const CaTerms& terms,
                                 WallTime now, Deadline deadline);

// PEM of a PKCS#10 request for an issuing CA with `signer`'s key: asks for CA:TRUE, the path length, keyCertSign and
// cRLSign. Read back and checked before it is returned.
Result<std::string> MakeCsr(const Signer& signer, const CaSubject& subject, Deadline deadline,
                            unsigned path_length = 0);

// What came back for an issuing key.
struct Installation {
  const PublicKey& key;
  std::string chain_pem;         // issuing certificate first, then intermediates
  std::string trust_bundle_pem;  // roots
};

// Whether it may be installed at `now`. INVALID_ARGUMENT with reason "certificates"; FAILED_PRECONDITION with "ca_key"
// (another key's certificate), "chain", "ca_path_length" (none, or more than `profile`'s), "ca_profile" (no critical
// basic constraints and key usage that say so, usages beside the profile's, extended key usages without both of TLS, no
// SubjectKeyIdentifier), "ca_lifetime" (less than the profile's minimum left).
Status CheckInstalled(const Installation& installation, const Profile& profile, WallTime now);

}  // namespace rootkeep
