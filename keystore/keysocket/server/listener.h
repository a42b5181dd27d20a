// A Unix socket that listens, as a file with an owner and a mode.
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "keystore/base/file.h"
#include "keystore/keysocket/server/rules.h"

namespace rootkeep::keysocket {

// With this object the file goes, if it is still this one.
class Listener {
 public:
  // Non-blocking; `type` is SOCK_SEQPACKET, which key sockets are, or SOCK_STREAM. Nobody can connect before owner and
  // mode are set. A socket that a dead process left is replaced. FAILED_PRECONDITION when somebody else listens there,
  // when the path is something else, or when others than root and this process's user can change the directory: they
  // could put their own socket there.
  static Result<Listener> Open(const SocketOptions& options, int type = SOCK_SEQPACKET);
  // A socket that listens already, given to this process by its starter, who also removes the file; non-blocking from
  // now on. FAILED_PRECONDITION when it is none.
  static Result<Listener> Adopt(Fd socket, const std::string& name);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { Close(); }

  void Close();
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  Listener() = default;

  Fd socket_;
  Fd lock_;
  std::string path_;  // empty: not ours to remove
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace rootkeep::keysocket
