// Asks a server by grpc.health.v1 whether it can do its work.
#pragma once

#include <memory>
#include <string>

#include "signer/client/channel.h"

namespace rootkeep {

// Whether `service` ("" for the server as a whole) is SERVING. NOT_FOUND for a service it does not know; UNAVAILABLE
// while nobody answers.
Result<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel, const std::string& service, Deadline deadline);

}  // namespace rootkeep
