// Lets the host in.
#pragma once

#include <grpcpp/server.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <thread>

#include "keystore/base/file.h"

namespace rootkeep::spire {

// A thread that accepts connections of one user only and hands them to a gRPC server.
class Door {
 public:
  // `listener` and `server` are borrowed. `orphaned` is called when the process that started this one has ended.
  // UNAVAILABLE when the thread cannot be started.
  static Result<std::unique_ptr<Door>> Open(int listener, grpc::Server& server, uid_t user,
                                            std::function<void()> orphaned);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

 private:
  Door(int listener, grpc::Server& server, uid_t user, std::function<void()> orphaned)
      : listener_(listener), server_(server), user_(user), orphaned_(std::move(orphaned)) {}
  void Watch();
  void Admit();
  [[nodiscard]] bool IsOurs(int connection) const;

  const int listener_;
  grpc::Server& server_;
  const uid_t user_;
  const std::function<void()> orphaned_;
  Fd parent_;  // not valid where the kernel has no such thing
  Fd close_;
  std::jthread thread_;
};

}  // namespace rootkeep::spire
