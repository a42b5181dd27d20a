// Certificates out of PEM, and the facts about them that the checks need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

// Every certificate in `pem`. INVALID_ARGUMENT when there is none or one does not parse.
Result<std::vector<ossl::Cert>> ParsePemCertificates(std::string_view pem);

// The octets of serialNumber, read at its place in the DER without parsing the rest (RFC 5280 §4.1), because OpenSSL
// takes 100 us for a certificate. INVALID_ARGUMENT when it is not there.
Result<std::string> SerialOf(ByteView der);

// DER SubjectPublicKeyInfo.
Bytes SpkiOf(const X509* certificate);

// The only subject alternative name when it is one URI; otherwise empty.
std::string OnlyUriSanOf(const X509* certificate);

}  // namespace rootkeep::bench
