// Whether a server's certificate is for the host that was called.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep {

// The host of host:port as gRPC takes it: without the port, an IPv6 address without its brackets and zone.
std::string HostOf(std::string_view address);

// RFC 6125 §6.4, RFC 2818 §3.1: an address is looked for among the iPAddress names of the certificate (PEM, the first
// of several) alone, any other host among its dNSName names alone. gRPC's usual check looks among names of every
// type, also at the common name: more than name constraints of those two types hold off. A "*" stands for one whole
// label; the certificate's names are taken as they are, with no dot at the end. UNAUTHENTICATED when the host is not
// there, INVALID_ARGUMENT for what is no host or no certificate. Thread-safe.
Status CheckHost(std::string_view leaf_pem, std::string_view host);

}  // namespace rootkeep
