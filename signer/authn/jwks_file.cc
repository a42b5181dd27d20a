#include "signer/authn/jwks_file.h"

#include <cerrno>

#include "keystore/base/file.h"
#include "signer/authn/jwk_set.h"

namespace rootkeep::jose {
namespace {

bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

Result<std::optional<std::string>> JwksFile::Load(bool again, const std::stop_token& /*stop*/) {
  struct stat info{};
  if (stat(path_.c_str(), &info) != 0) return ErrnoError("stat " + path_, errno);
  if (!S_ISREG(info.st_mode)) return FailedPrecondition(path_ + " is not a regular file");
  if ((info.st_mode & S_IWOTH) != 0) {
    return FailedPrecondition(path_ + " can be written by anybody").WithHint("chmod o-w " + path_);
  }
  if (!again && read_ && SameFile(*read_, info)) return std::optional<std::string>();
  // The state from before the read: a change during it is seen as one at the next call.
  RK_TRY(std::string text, ReadFile(path_, kMaxJwkSet));
  read_ = info;
  return std::optional(std::move(text));
}

}  // namespace rootkeep::jose
