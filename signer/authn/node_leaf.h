// What a node's certificate says. Its name is not believed: whose it is, the record tells.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "signer/authn/sha256.h"

namespace rootkeep {

struct NodeLeaf {
  std::string serial_hex;   // lower case, no leading zero octets
  Sha256Digest tbs_sha256;  // of the DER TBSCertificate
  WallTime not_after;
};

// Whether a certificate with these URI names is a node's by its form: exactly one, which IsNodeUri in one of
// `trust_domains`. The TLS layer asks so during the handshake, of the names it has already read.
bool HasNodeName(std::span<const std::string_view> uri_names, std::span<const std::string> trust_domains);

// The same of a DER leaf; false when it does not parse.
bool IsNodeLeaf(ByteView leaf_der, std::span<const std::string> trust_domains);

// Reads a DER leaf whose chain the TLS layer verified; checks no signature itself. Demands of it what
// ReadClientCertificate demands of a workload's, but for the name. UNAUTHENTICATED with a certificate_* reason
// otherwise.
Result<NodeLeaf> ReadNodeLeaf(ByteView leaf_der);

}  // namespace rootkeep
