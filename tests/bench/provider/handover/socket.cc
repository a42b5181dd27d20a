#include "tests/bench/provider/handover/socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace rootkeep::bench {

Result<HandoverSocket> HandoverSocket::Make(const std::string& path) {
  HandoverSocket made;
  made.address.sun_family = AF_UNIX;
  if (path.size() >= sizeof made.address.sun_path) return InvalidArgument("the socket's path is too long");
  std::ranges::copy(path, std::begin(made.address.sun_path));
  made.fd = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!made.fd.valid()) return ErrnoError("socket", errno);
  return made;
}

Result<Fd> HandoverSocket::Connect(const std::string& path) {
  RK_TRY(HandoverSocket made, Make(path));
  if (connect(made.fd.get(), reinterpret_cast<const sockaddr*>(&made.address), sizeof made.address) != 0) {
    return ErrnoError("connect", errno);
  }
  return std::move(made.fd);
}

}  // namespace rootkeep::bench
