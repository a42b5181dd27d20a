// TLS of our clients' connections.
#pragma once

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "signer/client/channel.h"

namespace rootkeep {

// TLS 1.2 and 1.3: the server's chain is verified by gRPC, its host by CheckHost. `host` as CheckHost takes it; the
// rest of `options` has been checked.
std::shared_ptr<grpc::ChannelCredentials> TlsFor(const ChannelOptions& options, std::string host);

}  // namespace rootkeep
