// Endorsement key certificates as TPM makers leave them in NV.
#pragma once

#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// The DER in `nv`, without what some makers put around it: the header of PC Client 1.2 (10 01 00 and a size of 16 bits)
// in front, padding behind. The certificate itself is not looked at. INVALID_ARGUMENT when there is none.
Result<Bytes> UnwrapCertificate(ByteView nv);

// The certificates that follow each other in the contents of the chain's indices (TCG EK Credential Profile §2.2.1.4:
// 0x01c00100 and following, taken together), up to what is no certificate any more. At most `most` of them.
std::vector<Bytes> SplitCertificates(ByteView octets, std::size_t most);

// DER SubjectPublicKeyInfo of a certificate, encoded as OpenSSL does. INVALID_ARGUMENT for what is no certificate or
// has a key that OpenSSL does not know.
Result<Bytes> SpkiOfCertificate(ByteView der);

}  // namespace rootkeep::attestation
