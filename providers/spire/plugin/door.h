// Lets the host in.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <thread>

#include "keystore/base/file.h"

namespace rootkeep::spire {

// A thread that accepts connections of one user only.
class Door {
 public:
  // `listener` is borrowed. `admitted` gets each connection, non-blocking. `orphaned` is called when the process that
  // started this one has ended. UNAVAILABLE when the thread cannot be started.
  static Result<std::unique_ptr<Door>> Open(int listener, uid_t user, std::function<void(Fd)> admitted,
                                            std::function<void()> orphaned);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

 private:
  Door(int listener, uid_t user, std::function<void(Fd)> admitted, std::function<void()> orphaned)
      : listener_(listener), user_(user), admitted_(std::move(admitted)), orphaned_(std::move(orphaned)) {}
  void Watch();
  void Admit();
  [[nodiscard]] bool IsOurs(int connection) const;

  const int listener_;
  const uid_t user_;
  const std::function<void(Fd)> admitted_;
  const std::function<void()> orphaned_;
  Fd parent_;  // not valid where the kernel has no such thing
  Fd close_;
  std::jthread thread_;
};

}  // namespace rootkeep::spire
