#include "keystore/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace rootkeep {
namespace {

constexpr std::size_t kSecretLimit = 64 * 1024;

Result<std::string> ReadAll(const Fd& fd, const std::string& path, std::size_t limit) {
  std::string content;
  std::array<char, 16384> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  ssize_t count = 0;
  while ((count = read(fd.get(), chunk.data(), chunk.size())) > 0) {
    if (content.size() + static_cast<std::size_t>(count) > limit) {
      return ResourceExhausted(fmt::format("{} is larger than {} bytes", path, limit));
    }
    content.append(chunk.data(), static_cast<std::size_t>(count));
  }
  OPENSSL_cleanse(chunk.data(), chunk.size());
  if (count < 0) return ErrnoError("read " + path, errno);
  return content;
}

// Opens a regular file that root or this process's user owns and whose mode has none of the `forbidden` bits.
Result<Fd> OpenGuarded(const std::string& path, mode_t forbidden, std::string_view what, std::string_view remedy) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoError("open " + path, errno);
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("fstat " + path, errno);
  if (!S_ISREG(info.st_mode)) return FailedPrecondition(path + " is not a regular file");
  if ((info.st_mode & forbidden) != 0) {
    return FailedPrecondition(
               fmt::format("{} has mode {:o}: others than its owner can {}", path, info.st_mode & 07777, what))
        .WithHint(fmt::format("{} {}", remedy, path));
  }
  if (info.st_uid != 0 && info.st_uid != geteuid()) {
    return FailedPrecondition(fmt::format("{} is owned by uid {}, neither root nor this process", path, info.st_uid));
  }
  return fd;
}

Status WriteAll(const Fd& fd, const std::string& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd.get(), content.data(), content.size());
    if (count < 0) return ErrnoError("write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fsync(fd.get()) != 0) return ErrnoError("fsync " + path, errno);
  return Ok();
}

// A durable file beside `path`; its name.
Result<std::string> WriteTemporary(const std::string& path, std::string_view content, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("mkostemp " + temporary, errno);
  Status status = WriteAll(fd, temporary, content);
  if (status.ok() && fchmod(fd.get(), mode) != 0) status = ErrnoError("fchmod " + temporary, errno);
  if (status.ok()) return temporary;
  unlink(temporary.c_str());
  return status.error();
}

Status SyncParent(const std::string& path) {
  const auto slash = path.rfind('/');
  return SyncDirectory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

// The content of an open file, without one trailing line break.
Result<SecretBytes> ReadSecret(const Fd& fd, const std::string& path) {
  RK_TRY(std::string content, ReadAll(fd, path, kSecretLimit));
  std::string_view text = content;
  if (text.ends_with('\n')) text.remove_suffix(1);
  SecretBytes secret(text);
  OPENSSL_cleanse(content.data(), content.size());
  return secret;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = other.Release();
  }
  return *this;
}

int Fd::Release() { return std::exchange(fd_, -1); }

void Fd::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("open " + path, errno);
  return ReadAll(fd, path, limit);
}

Result<std::string> ReadGuardedFile(const std::string& path, std::size_t limit) {
  RK_TRY(const Fd fd, OpenGuarded(path, S_IWGRP | S_IWOTH, "write it", "chmod go-w"));
  return ReadAll(fd, path, limit);
}

Result<SecretBytes> ReadSecretFile(const std::string& path) {
  RK_TRY(const Fd fd, OpenGuarded(path, S_IRWXG | S_IRWXO, "access it", "chmod 600"));
  return ReadSecret(fd, path);
}

Result<SecretBytes> ReadCredentialFile(const std::string& path) {
  RK_TRY(const Fd fd, OpenGuarded(path, S_IWGRP | S_IXGRP | S_IRWXO, "access it", "chmod 640"));
  return ReadSecret(fd, path);
}

Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode) {
  RK_TRY(const std::string temporary, WriteTemporary(path, content, mode));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = ErrnoError("rename to " + path, errno);
    unlink(temporary.c_str());
    return error;
  }
  return SyncParent(path);
}

Status WriteNewFile(const std::string& path, std::string_view content, unsigned mode) {
  RK_TRY(const std::string temporary, WriteTemporary(path, content, mode));
  const Status linked = link(temporary.c_str(), path.c_str()) == 0 ? Ok() : Status(ErrnoError("link " + path, errno));
  unlink(temporary.c_str());
  if (!linked.ok()) return linked;
  return SyncParent(path);
}

Status MakeDirectory(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), 0700) != 0) return errno == EEXIST ? Ok() : Status(ErrnoError("mkdir " + path, errno));
  if (chmod(path.c_str(), mode) != 0) return ErrnoError("chmod " + path, errno);
  return Ok();
}

Status SyncDirectory(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("open " + path, errno);
  if (fsync(fd.get()) != 0) return ErrnoError("fsync " + path, errno);
  return Ok();
}

}  // namespace rootkeep
