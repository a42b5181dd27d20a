// A file that exists only in this process's memory, for libraries that take nothing but paths.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/file.h"
#include "keystore/base/result.h"

namespace rootkeep {

// An anonymous file (memfd_create(2)) reachable under /proc/self/fd. Never on a disk, gone with the process.
// Not thread-safe; readers by path are never shown half of an update.
class MemoryFile {
 public:
  // `name` only shows in /proc.
  static Result<MemoryFile> Make(const std::string& name, std::string_view content);

  // The same for the life of the object.
  [[nodiscard]] std::string path() const;

  // Replaces the content as a whole: the path leads to the old or to the new one.
  Status Replace(std::string_view content);

 private:
  MemoryFile(std::string name, Fd fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  std::string name_;
  Fd fd_;
};

}  // namespace rootkeep
