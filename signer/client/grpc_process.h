// What is set for gRPC once in a process.
#pragma once

namespace rootkeep {

// Called once by main before gRPC is used. gRPC's own log lines become lines of ours; failed handshakes are events of
// their own, at info: whoever connects can cause them, and an operator who looks for one finds OpenSSL's reason.
// Debian's build of gRPC's locks records the order of every two it takes, to find deadlocks in gRPC: that is off.
void PrepareGrpc();

}  // namespace rootkeep
