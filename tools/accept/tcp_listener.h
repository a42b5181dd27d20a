// A TCP socket that listens.
#pragma once

#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep {

struct TcpListener {
  Fd socket;  // does not block
  int port;   // the one that it has
};

// On "<IPv4>:<port>" or "[<IPv6>]:<port>"; port 0 picks a free one. "[::]" hears IPv4 too. No other process can listen
// there. INVALID_ARGUMENT for any other text; otherwise the errno's code.
Result<TcpListener> ListenTcp(const std::string& address);

}  // namespace rootkeep
