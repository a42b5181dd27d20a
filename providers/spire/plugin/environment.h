// What the host says before it connects: by environment variables, and what it reads from standard output.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/file.h"

namespace rootkeep::spire {

// Whether SPIRE started this process as a plugin of `type`, for example "KeyManager": it sets a variable of that name
// to that value.
bool StartedAsPlugin(const std::string& type);

// Where sockets go: PLUGIN_UNIX_SOCKET_DIR, else TMPDIR, else /tmp.
std::string SocketParent();

// The host takes the first line of standard output for the handshake. From here on whatever else is printed there goes
// to standard error; the handshake has this.
class HandshakeOutput {
 public:
  // Called first in main.
  static Result<HandshakeOutput> Take();
  // Announces a plugin that serves gRPC on the Unix socket `path`. Keep this object: its end closes the host's pipe.
  [[nodiscard]] Status Announce(const std::string& path) const;

 private:
  explicit HandshakeOutput(Fd pipe) : pipe_(std::move(pipe)) {}

  Fd pipe_;
};

}  // namespace rootkeep::spire
