// X.509 certificates as OpenSSL reads them: for authorities and their chains, never for requests.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "keystore/public_key.h"

namespace rootkeep {

using Certificates = std::vector<ossl::Cert>;

// Every PEM block of `pem`, in order, text around them ignored. INVALID_ARGUMENT with reason "certificates" when there
// is none, one is not labelled CERTIFICATE (a private key would be sent to every client) or does not parse.
Result<Certificates> ParseCertificates(std::string_view pem);

// One certificate, nothing after it. INVALID_ARGUMENT with reason "certificates".
Result<ossl::Cert> ParseCertificateDer(ByteView der);

Bytes CertificateDer(X509* certificate);

// Validity in whole seconds; what lies outside WallTime is its nearest end.
WallTime NotBeforeOf(const X509* certificate);
WallTime NotAfterOf(const X509* certificate);

// DER Name of the subject, verbatim.
Bytes SubjectOf(const X509* certificate);

// Empty when there is none.
Bytes SubjectKeyIdOf(X509* certificate);

// The subject's key; INVALID_ARGUMENT when it is not of a KeyType.
Result<PublicKey> PublicKeyOf(X509* certificate);

// Whether basic constraints say CA and key usage, if there, says keyCertSign (RFC 5280 §4.2.1.3, §4.2.1.9).
bool MaySignCertificates(X509* certificate);

// Whether this key signed it; nothing else of it is looked at.
bool IsSignedBy(X509* certificate, EVP_PKEY* key);

// `certificate` chains over `others` to one of `roots` at the time `at`, with signatures of 112 bits or more
// (X509_verify_cert), and every path length above it leaves room for certificates that it issues. FAILED_PRECONDITION
// with reason "chain" otherwise.
Status CheckChain(X509* certificate, std::span<const ossl::Cert> others, std::span<const ossl::Cert> roots,
                  WallTime at);

// The same, and how many CA certificates may stand below `certificate` by the path lengths of that chain; nothing: any
// number.
Result<std::optional<unsigned>> RoomBelow(X509* certificate, std::span<const ossl::Cert> others,
                                          std::span<const ossl::Cert> roots, WallTime at);

}  // namespace rootkeep
