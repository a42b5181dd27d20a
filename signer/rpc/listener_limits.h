// What every gRPC listener of ours must bear, and what none lets through.
#pragma once

#include <grpcpp/server_builder.h>

#include <cstddef>

namespace rootkeep {

// Messages of at most 256 KiB (a CSR has 64), metadata of at most 64 KiB (a token has 16), neither compressed, 100
// calls at once on a connection, handshakes of 10 s, and `memory` octets for all of it. Pings as istio's clients send
// them are answered and held against nobody (istio-protocol §1.7). No other process can listen on the same port.
void SetListenerLimits(grpc::ServerBuilder& builder, std::size_t memory);

}  // namespace rootkeep
