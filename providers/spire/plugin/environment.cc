#include "providers/spire/plugin/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace rootkeep::spire {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

bool StartedAsPlugin(const std::string& type) { return Variable(type.c_str()) == type; }

std::string SocketParent() {
  for (const char* name : {"PLUGIN_UNIX_SOCKET_DIR", "TMPDIR"}) {
    if (std::string value = Variable(name); value.starts_with('/')) return value;
  }
  return "/tmp";
}

Result<HandshakeOutput> HandshakeOutput::Take() {
  Fd pipe(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!pipe.valid()) return ErrnoError("dup of standard output", errno);
  if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return ErrnoError("dup2 of standard error", errno);
  return HandshakeOutput(std::move(pipe));
}

Status HandshakeOutput::Announce(const std::string& path) const {
  // Versions of go-plugin's protocol and of SPIRE's, network, address, protocol, no certificate (spire.md §1.2).
  const std::string line = fmt::format("1|1|unix|{}|grpc|\n", path);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(pipe_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write of the handshake", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok();
}

}  // namespace rootkeep::spire
