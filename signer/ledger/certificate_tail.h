// A certificate is its to-be-signed part and a tail: the algorithm and the signature (RFC 5280 §4.1). The ledger keeps
// the first with the intent, so an outcome needs only the second.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep {

// What follows `tbs` inside `certificate`; a view into it. INVALID_ARGUMENT when the certificate is not exactly a DER
// SEQUENCE that begins with `tbs`.
Result<ByteView> CertificateTail(ByteView certificate, ByteView tbs);

// The inverse.
Bytes JoinCertificate(ByteView tbs, ByteView tail);

}  // namespace rootkeep
