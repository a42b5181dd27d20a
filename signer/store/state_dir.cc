#include "signer/store/state_dir.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "keystore/base/lock_file.h"

namespace rootkeep::store {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kSmallFile = 64;

std::string VersionPath(const std::string& path) { return path + "/version"; }

std::optional<int> ParseNumber(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status CheckAccess(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return ErrnoError("state directory " + path, errno);
  const bool ours = info.st_uid == geteuid() || info.st_uid == 0;
  if (S_ISDIR(info.st_mode) && ours && (info.st_mode & 07777) == 0700) return Ok();
  return FailedPrecondition(fmt::format("state directory {} is not a directory of mode 0700 owned by this user", path))
      .WithReason("state_mode")
      .WithHint("chmod 700 " + path + ", and chown it to the daemon's user");
}

Status CheckVersion(const std::string& path) {
  RK_TRY(const std::string text, ReadFile(VersionPath(path), kSmallFile));
  const auto version = ParseNumber(text);
  if (!version || *version < 1) {
    return FailedPrecondition(VersionPath(path) + " holds no version").WithReason("state_version");
  }
  if (*version > kVersion) {
    return FailedPrecondition(
               fmt::format("state directory {} has version {}, this program knows up to {}", path, *version, kVersion))
        .WithReason("state_newer")
        .WithHint("run the newer program");
  }
  return Ok();
}

Status WriteVersionWhereMissing(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(VersionPath(path), error)) return Ok();
  if (!std::filesystem::is_empty(path, error)) {
    return FailedPrecondition(path + " is not empty and no state directory").WithReason("state_foreign");
  }
  return WriteFileAtomically(VersionPath(path), fmt::format("{}\n", kVersion), 0600);
}

Result<Fd> TakeLock(const std::string& path) {
  return TakeLockFile(path + "/lock", [&path](const std::string& holder) {
    return FailedPrecondition(fmt::format("state directory {} is in use by {}", path, holder))
        .WithReason("state_locked")
        .WithHint("one daemon a state directory; stop the other one first");
  });
}

}  // namespace

Result<StateDir> StateDir::Open(const std::string& path) {
  RK_TRY(StateDir state, Prepare(path));
  RK_TRY(state.lock_, TakeLock(path));
  return state;
}

Result<StateDir> StateDir::Prepare(const std::string& path) {
  RK_RETURN_IF_ERROR(MakeDirectory(path, 0700));
  RK_RETURN_IF_ERROR(CheckAccess(path));
  RK_RETURN_IF_ERROR(WriteVersionWhereMissing(path));
  RK_RETURN_IF_ERROR(CheckVersion(path));
  return StateDir(path);
}

Result<StateDir> StateDir::Look(const std::string& path) {
  RK_RETURN_IF_ERROR(CheckAccess(path));
  RK_RETURN_IF_ERROR(CheckVersion(path));
  return StateDir(path);
}

}  // namespace rootkeep::store
