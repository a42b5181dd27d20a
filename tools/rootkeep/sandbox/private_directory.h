// A directory that only its owner can enter.
#pragma once

#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep::cli {

// Movable. A temporary one is removed, with all that is in it, when the object goes.
class PrivateDirectory {
 public:
  // A fresh one, in $XDG_RUNTIME_DIR or else in $TMPDIR or /tmp.
  static Result<PrivateDirectory> Temporary(const std::string& prefix);
  // `path`, made with mode 0700 where it is missing; it stays. It is this object's alone as long as that lives.
  // FAILED_PRECONDITION when another process has it, others can enter it or it belongs to somebody else.
  static Result<PrivateDirectory> Kept(const std::string& path);
  PrivateDirectory(PrivateDirectory&& other) noexcept;
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  // Absolute, without symbolic links.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool temporary() const { return temporary_; }

 private:
  PrivateDirectory(std::string path, bool temporary) : path_(std::move(path)), temporary_(temporary) {}

  std::string path_;
  bool temporary_;
  Fd lock_;  // on <path>/lock; a temporary one needs none
};

}  // namespace rootkeep::cli
