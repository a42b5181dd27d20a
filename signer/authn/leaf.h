// What every client's certificate says, whoever's it is. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "signer/general_name.h"

// Errors are UNAUTHENTICATED with a certificate_* reason.
namespace rootkeep::leaf {

// One DER certificate of at most 64 KiB and nothing after it.
Result<ossl::Cert> Parse(ByteView der);

// No CA's, and one that may act as a client: clientAuth among its extended key usages.
Status CheckPurpose(X509* cert);

// Every subject alternative name in order: at most 256, URI, DNS and IP alone.
Result<std::vector<GeneralName>> ReadNames(X509* cert);
// The URIs among them; views into `names`.
std::vector<std::string_view> UriNames(const std::vector<GeneralName>& names);

Result<WallTime> NotAfter(const X509* cert);
// Lower case, no leading zero octets.
Result<std::string> SerialHex(const X509* cert);

}  // namespace rootkeep::leaf
