#include "tools/rootkeep/sandbox/private_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "keystore/base/lock_file.h"

namespace rootkeep::cli {
namespace {

std::string TemporaryRoot() {
  for (const char* variable : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): before threads that set variables
    if (value != nullptr && *value == '/' && access(value, W_OK | X_OK) == 0) return value;
  }
  return "/tmp";
}

Result<std::string> RealPath(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  if (error) return ErrnoError("realpath " + path, error.value());
  return real;
}

}  // namespace

Result<PrivateDirectory> PrivateDirectory::Temporary(const std::string& prefix) {
  std::string pattern = TemporaryRoot() + "/" + prefix + "XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return ErrnoError("mkdtemp " + pattern, errno);
  PrivateDirectory made(pattern, true);
  RK_TRY(made.path_, RealPath(pattern));
  return made;
}

Result<PrivateDirectory> PrivateDirectory::Kept(const std::string& path) {
  const Status there = MakeDirectory(path, 0700);
  if (!there.ok() && there.error().code() == Code::kNotFound) {
    return Error(there.error()).WithHint("the directory above it is missing; make it with mkdir -p");
  }
  RK_RETURN_IF_ERROR(there);
  RK_TRY(const std::string real, RealPath(path));
  struct stat info{};
  if (stat(real.c_str(), &info) != 0) return ErrnoError("stat " + real, errno);
  if (!S_ISDIR(info.st_mode)) return FailedPrecondition(real + " is not a directory");
  if (info.st_uid != geteuid()) return FailedPrecondition(real + " belongs to somebody else");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return FailedPrecondition(
               fmt::format("{} has mode {:o}: others than its owner can enter it", real, info.st_mode & 07777))
        .WithHint("chmod 700 " + real);
  }
  PrivateDirectory kept(real, false);
  RK_TRY(kept.lock_, TakeLockFile(real + "/lock", [&real](const std::string& holder) {
           return FailedPrecondition(fmt::format("{} is in use by {}", real, holder))
               .WithHint("stop that one first, or take another directory");
         }));
  return kept;
}

PrivateDirectory::PrivateDirectory(PrivateDirectory&& other) noexcept
    : path_(std::move(other.path_)), temporary_(other.temporary_), lock_(std::move(other.lock_)) {
  other.temporary_ = false;
}

PrivateDirectory::~PrivateDirectory() {
  if (!temporary_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rootkeep::cli
