// Files for other programs: with an owner, replaced whole.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::agent {

struct FileAccess {
  std::optional<uid_t> owner;  // not given: this process's own
  std::optional<gid_t> group;
  mode_t mode = 0644;
};

// As WriteFileAtomically; what has the path is never seen with another owner or mode. PERMISSION_DENIED when this
// process may not give files away.
Status WriteOwnedFile(const std::string& path, std::string_view content, const FileAccess& access);

}  // namespace rootkeep::agent
