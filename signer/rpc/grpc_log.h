// gRPC's own log lines as lines of ours.
#pragma once

namespace rootkeep {

// Called once by main before gRPC is used. Failed handshakes are events of their own, at info: whoever connects can
// cause them, and an operator who looks for one finds OpenSSL's reason.
void CaptureGrpcLog();

}  // namespace rootkeep
