// Files that matter: read with a size limit and a check of who may read them, written so that nothing is torn.
#pragma once

#include <cstddef>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep {

// Owns a file descriptor; closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int Release();
  void Reset();

 private:
  int fd_ = -1;
};

// The whole file. RESOURCE_EXHAUSTED when it is larger than `limit` octets; otherwise the errno's code.
Result<std::string> ReadFile(const std::string& path, std::size_t limit);

// As ReadFile, for files that decide something: FAILED_PRECONDITION unless it is a regular file that root or this
// process's user owns and neither group nor others can write.
Result<std::string> ReadGuardedFile(const std::string& path, std::size_t limit);

// As ReadFile, for secrets: FAILED_PRECONDITION unless it is a regular file that neither group nor others can
// access and that root or this process's user owns. One trailing line break is dropped. At most 64 KiB.
Result<SecretBytes> ReadSecretFile(const std::string& path);

// As ReadSecretFile, for a file in systemd's credential directory: there the group bits show the mask of an access
// control list that names only the service's user (systemd.exec(5), LoadCredential=), so the group may read.
Result<SecretBytes> ReadCredentialFile(const std::string& path);

// Replaces `path` by rename after fsync of file and directory; `mode` is exact whatever the umask.
Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode);

// Makes `path`, with `mode` whatever the umask, which must not be there yet: whole and durable, or not at all.
// ALREADY_EXISTS otherwise.
Status WriteNewFile(const std::string& path, std::string_view content, unsigned mode);

// Creates the directory (parents must exist); `mode` is exact whatever the umask. An existing one is left as it is.
Status MakeDirectory(const std::string& path, unsigned mode);

// fsync of a directory: makes names in it durable.
Status SyncDirectory(const std::string& path);

}  // namespace rootkeep
