// The socket on which the host reaches the plugin.
#pragma once

#include <string>

#include "keystore/base/file.h"

namespace rootkeep::spire {

// Listens in a new directory that only this user can enter: there is no other protection on this channel, and whoever
// can connect can sign. Socket and directory go with the object.
class PrivateSocket {
 public:
  // SOCK_STREAM, non-blocking. Directories in `parent` that killed processes of this user have left are removed.
  // INVALID_ARGUMENT when the path is too long for a socket, else the errno's code.
  static Result<PrivateSocket> Open(const std::string& parent);
  PrivateSocket(PrivateSocket&& other) noexcept;
  PrivateSocket& operator=(PrivateSocket&&) = delete;
  PrivateSocket(const PrivateSocket&) = delete;
  PrivateSocket& operator=(const PrivateSocket&) = delete;
  ~PrivateSocket() { Remove(); }

  // Connections that are open stay so.
  void Remove();

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] std::string path() const { return directory_ + "/plugin.sock"; }

 private:
  explicit PrivateSocket(std::string directory) : directory_(std::move(directory)) {}
  Status Listen();

  std::string directory_;  // empty: none
  Fd lock_;                // on the directory, for as long as somebody lives who needs it
  Fd socket_;
};

}  // namespace rootkeep::spire
