// The istio API described for clients that know none of it, such as grpcurl.
#pragma once

#include <string>

namespace rootkeep::cli {

// A serialized google.protobuf.FileDescriptorSet: proto/istio/ca.proto and what it imports.
std::string IstioProtoset();

}  // namespace rootkeep::cli
