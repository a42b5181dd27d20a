#include "providers/spire/plugin/private_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace rootkeep::spire {

Result<PrivateSocket> PrivateSocket::Open(const std::string& parent) {
  std::string directory = parent + "/rootkeep-spire-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) {  // mode 0700
    return ErrnoError("mkdtemp " + directory, errno)
        .WithHint("TMPDIR or PLUGIN_UNIX_SOCKET_DIR in SPIRE's environment names another place");
  }
  PrivateSocket socket(std::move(directory));
  RK_RETURN_IF_ERROR(socket.Listen());
  return socket;
}

Status PrivateSocket::Listen() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path();
  if (name.size() >= sizeof address.sun_path) {
    return InvalidArgument(
               fmt::format("{} is longer than the {} octets of a socket's path", name, sizeof address.sun_path - 1))
        .WithHint("TMPDIR or PLUGIN_UNIX_SOCKET_DIR in SPIRE's environment names another place");
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  socket_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) return ErrnoError("socket", errno);
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoError("bind " + name, errno);
  }
  if (listen(socket_.get(), SOMAXCONN) != 0) return ErrnoError("listen on " + name, errno);
  return Ok();
}

PrivateSocket::PrivateSocket(PrivateSocket&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), socket_(std::move(other.socket_)) {}

void PrivateSocket::Remove() {
  socket_.Reset();
  if (directory_.empty()) return;
  unlink(path().c_str());
  rmdir(directory_.c_str());
  directory_.clear();
}

}  // namespace rootkeep::spire
