#include "tools/accept/tcp_listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace rootkeep {
namespace {

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Without asking anybody for a name.
AddressInfo Resolve(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  addrinfo* found = nullptr;
  if (colon != std::string::npos) {
    std::string host = address.substr(0, colon);
    const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    addrinfo wanted{};
    wanted.ai_family = v6 ? AF_INET6 : AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    if (getaddrinfo(host.c_str(), address.c_str() + colon + 1, &wanted, &found) != 0) found = nullptr;
  }
  return {found, &freeaddrinfo};
}

bool Set(int socket, int level, int option, int value) {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

Result<TcpListener> ListenTcp(const std::string& address) {
  const AddressInfo info = Resolve(address);
  if (info == nullptr) return InvalidArgument(fmt::format("\"{}\" is not an address and port", address));
  Fd listener(socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return ErrnoError("socket", errno);
  // So that a restart need not wait for old connections; and connections inherit that answers do not wait for more.
  const bool set = Set(listener.get(), SOL_SOCKET, SO_REUSEADDR, 1) &&
                   Set(listener.get(), IPPROTO_TCP, TCP_NODELAY, 1) &&
                   (info->ai_family != AF_INET6 || Set(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0));
  if (!set) return ErrnoError("setsockopt", errno);
  if (bind(listener.get(), info->ai_addr, info->ai_addrlen) != 0) return ErrnoError("bind " + address, errno);
  if (listen(listener.get(), SOMAXCONN) != 0) return ErrnoError("listen on " + address, errno);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return ErrnoError("getsockname", errno);
  }
  return TcpListener{.socket = std::move(listener), .port = PortOf(bound)};
}

}  // namespace rootkeep
