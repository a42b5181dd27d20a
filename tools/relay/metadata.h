// Which metadata of a call is passed on.
#pragma once

#include <grpcpp/support/string_ref.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::relay {

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// Everything but what belongs to one connection: names that begin with "grpc-" (but the one that tells when to try
// again, gRFC A6), user-agent, and HTTP's own (RFC 9110 §7.6.1, RFC 9113 §8.2.2). Values of one name stay in their
// order. INVALID_ARGUMENT with reason "metadata" for a name or value that gRPC would end the process over: names are
// a-z, 0-9, dot, dash and underscore, values printable ASCII, or any octets where the name ends in "-bin".
Result<Pairs> PassedOn(const Metadata& metadata);

}  // namespace rootkeep::relay
