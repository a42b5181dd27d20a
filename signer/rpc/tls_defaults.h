// What every TLS context of this process starts from, gRPC's included, which has no settings of its own for it.
#pragma once

#include "keystore/base/result.h"

namespace rootkeep {

// Called once by main before the first TLS context is made. TLS 1.2 is the least version; no session tickets, because
// no client of ours has ever resumed a session (istio-protocol §9) and making two tickets costs every handshake a
// tenth. Servers exchange keys on X25519 or P-256, where gRPC 1.51 by itself offers P-256 only: clients that begin
// with X25519, as rustls and Go do, would need another round trip. P-384 would cost anybody's handshake 1 ms more. Of
// the cipher suites of TLS 1.3 the one that all must know (RFC 8446 §9.1) comes first, as with Go: processors have
// SHA-256 in hardware, and a handshake hashes a lot.
Status ApplyTlsDefaults();

}  // namespace rootkeep
