// Files for other programs: with an owner, replaced whole.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "keystore/base/result.h"

namespace rootkeep::agent {

struct FileAccess {
  std::optional<uid_t> owner;  // not given: this process's own
  std::optional<gid_t> group;
  mode_t mode = 0644;
};

// A file's next content, whole and on the disk, beside the file whose place it will take. Removed with this object when
// it did not. One at a time for each path.
class StagedFile {
 public:
  // What has the path is never seen with another owner or mode. PERMISSION_DENIED when this process may not give files
  // away.
  static Result<StagedFile> Write(std::string path, std::string_view content, const FileAccess& access);
  StagedFile(StagedFile&& other) noexcept
      : path_(std::move(other.path_)), staged_(std::exchange(other.staged_, false)) {}
  StagedFile& operator=(StagedFile&&) = delete;
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  // Puts it there, for good.
  Status Commit();

 private:
  explicit StagedFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] std::string Beside() const { return path_ + ".rootkeep-new"; }

  std::string path_;
  bool staged_ = true;
};

}  // namespace rootkeep::agent
