// What a TLS server shows to whoever connects.
#pragma once

#include <chrono>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep::cli {

// The certificates of the server at `address` ("<IPv4>:<port>" or "[<IPv6>]:<port>"), PEM, its own first; whether they
// are good is not judged. Offers HTTP/2 and shows no certificate. UNAVAILABLE when nobody listens, the connection is
// closed, or nothing has come within the limit.
Result<std::string> ShownByTlsServer(const std::string& address, std::chrono::seconds limit);

}  // namespace rootkeep::cli
