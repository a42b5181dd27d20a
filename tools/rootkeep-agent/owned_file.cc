#include "tools/rootkeep-agent/owned_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "keystore/base/file.h"

namespace rootkeep::agent {
namespace {

Status Fill(const std::string& path, std::string_view content, const FileAccess& access) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return ErrnoError("open " + path, errno);
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool given = access.owner.has_value() || access.group.has_value();
  const uid_t owner = access.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = access.group.value_or(static_cast<gid_t>(-1));
  if (given && fchown(file.get(), owner, group) != 0) return ErrnoError("fchown " + path, errno);
  if (fchmod(file.get(), access.mode) != 0) return ErrnoError("fchmod " + path, errno);
  if (fsync(file.get()) != 0) return ErrnoError("fsync " + path, errno);
  return Ok();
}

}  // namespace

Result<StagedFile> StagedFile::Write(std::string path, std::string_view content, const FileAccess& access) {
  StagedFile file(std::move(path));
  const std::string fresh = file.Beside();
  // What an agent that was interrupted left.
  if (unlink(fresh.c_str()) != 0 && errno != ENOENT) return ErrnoError("unlink " + fresh, errno);
  RK_RETURN_IF_ERROR(Fill(fresh, content, access));
  return file;
}

StagedFile::~StagedFile() {
  if (staged_) unlink(Beside().c_str());
}

Status StagedFile::Commit() {
  const std::string fresh = Beside();
  if (rename(fresh.c_str(), path_.c_str()) != 0) return ErrnoError("rename " + fresh, errno);
  staged_ = false;
  return SyncDirectory(path_.substr(0, std::max<std::size_t>(path_.rfind('/'), 1)));
}

}  // namespace rootkeep::agent
