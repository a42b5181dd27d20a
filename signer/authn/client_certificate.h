// What a client certificate says about its holder, and whether it may act as a client at all.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/general_name.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

struct ClientCertificate {
  std::vector<GeneralName> identities;  // every subject alternative name, in order
  SpiffeId spiffe_id;                   // the one URI among them
  std::string serial_hex;               // lower case, no leading zero octets
  WallTime not_after;
};

// Reads a DER leaf whose chain the TLS layer verified or is verifying; checks no signature itself. Demands what
// X509-SVID §5 and istio demand of a workload: not a CA, clientAuth among its extended key usages, exactly one URI
// name, of the form spiffe://<trust domain>/ns/<ns>/sa/<sa>, with a trust domain out of `trust_domains`, and no names
// but URI, DNS and IP. UNAUTHENTICATED with a certificate_* reason otherwise.
Result<ClientCertificate> ReadClientCertificate(ByteView leaf_der, std::span<const std::string> trust_domains);

// The part of that which the TLS layer asks during the handshake, of the URI names it has already read: exactly one, of
// that form, in one of `trust_domains`. A certificate that fails ends the connection (istio: pkg/spiffe), whatever
// token comes with it. UNAUTHENTICATED with reason "certificate_no_uri", "certificate_uris", "certificate_identity" or
// "certificate_trust_domain".
Result<SpiffeId> TheWorkloadIdentity(std::span<const std::string_view> uri_names,
                                     std::span<const std::string> trust_domains);

}  // namespace rootkeep
