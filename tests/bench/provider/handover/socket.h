// The socket of a handover signer.
#pragma once

#include <sys/un.h>

#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

// A packet socket, and the address of this path for it. INVALID_ARGUMENT when the path is too long.
struct HandoverSocket {
  static Result<HandoverSocket> Make(const std::string& path);
  // To a signer. UNAVAILABLE with the errno.
  static Result<Fd> Connect(const std::string& path);

  Fd fd;
  sockaddr_un address{};
};

}  // namespace rootkeep::bench
