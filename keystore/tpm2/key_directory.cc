#include "keystore/tpm2/key_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "keystore/base/log.h"
#include "keystore/key_spec.h"
#include "keystore/tpm2/flock.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxKeys = 10'000;
constexpr std::size_t kMaxAuth = 64;  // SHA-512, the longest digest of a TPM
// A key that is being made or removed, or was when its process died.
constexpr std::string_view kUnfinished = ".new";

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name.front() != '.' && std::ranges::all_of(name, IsNameCharacter);
}

Error BadAuth(const std::string& path, std::string_view why) {
  return FailedPrecondition(fmt::format("{} {}", path, why)).WithReason(kReasonAuthFile);
}

Result<SecretBytes> DecodeAuth(const SecretBytes& content, const std::string& path) {
  const std::string_view text = AsText(content.RevealForUse());
  if (text.starts_with("str:") && text.size() - 4 <= kMaxAuth) return SecretBytes(text.substr(4));
  auto octets = text.starts_with("hex:") ? FromHex(text.substr(4)) : std::nullopt;
  if (!octets || octets->empty() || octets->size() > kMaxAuth) {
    return BadAuth(path, "holds no auth value").WithHint("hex: and hexadecimal digits, or str: and characters");
  }
  return SecretBytes(*std::move(octets));
}

SecretBytes EncodeAuth(const SecretBytes& auth) {
  constexpr std::string_view kStart = "hex:";
  std::string digits = ToHex(auth.RevealForUse());
  Bytes text;
  text.reserve(kStart.size() + digits.size() + 1);  // so that no copy is left behind
  text.insert(text.end(), kStart.begin(), kStart.end());
  text.insert(text.end(), digits.begin(), digits.end());
  text.push_back('\n');
  OPENSSL_cleanse(digits.data(), digits.size());
  return SecretBytes(std::move(text));
}

// What was begun there by somebody who died before anybody was told of a key, or after it was gone.
void ClearUnfinished(const std::string& unfinished) {
  std::error_code error;
  if (std::filesystem::remove_all(unfinished, error) > 0) {
    log::Warning("tpm2.unfinished_key_removed", {{"directory", unfinished}});
  }
}

Status Write(const std::string& path, std::string_view text) {
  Status written = WriteNewFile(path, text, 0600);
  if (written.ok()) return written;
  const NativeCode& native = written.error().native();
  const bool full = native.domain == "errno" && (native.value == ENOSPC || native.value == EDQUOT);
  if (!full) return written;
  return std::move(written).error().WithCode(Code::kResourceExhausted).WithReason(kReasonTokenFull);
}

Error Taken(const std::string& label) {
  return AlreadyExists("there is a key \"" + label + "\" already")
      .WithHint("a key is never overwritten: choose another name, or the next generation");
}

}  // namespace

Result<std::string> KeyDirectory::NameFor(const std::string& label) {
  std::string name = label;
  if (ParseKeyLabel(label)) std::ranges::replace(name, '/', '_');
  if (!IsName(name)) return InvalidArgument("a key's label cannot be \"" + label + "\"");
  return name;
}

std::string KeyDirectory::LabelFor(const std::string& name) {
  std::string label = name;
  std::ranges::replace(label, '_', '/');
  return ParseKeyLabel(label) ? label : name;
}

Result<std::string> KeyDirectory::PathOf(const std::string& label, const std::string& file) const {
  RK_TRY(const std::string name, NameFor(label));
  return path_ + "/" + name + "/" + file;
}

Result<std::vector<std::string>> KeyDirectory::Labels() const {
  std::vector<std::string> labels;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!IsName(name) || !entry->is_directory(error)) continue;
    labels.push_back(LabelFor(name));
    if (labels.size() > kMaxKeys) return ResourceExhausted(fmt::format("{} has over {} keys", path_, kMaxKeys));
  }
  if (error && error.value() != ENOENT) return ErrnoError("read " + path_, error.value());
  std::ranges::sort(labels);
  return labels;
}

Result<std::optional<KeyFile>> KeyDirectory::Read(const std::string& label) const {
  RK_TRY(const std::string path, PathOf(label, "key.pem"));
  const auto text = ReadGuardedFile(path, kMaxKeyFile);
  if (text.ok()) {
    RK_TRY(KeyFile key, ParseKeyFile(*text));
    return std::optional<KeyFile>(std::move(key));
  }
  if (text.error().code() != Code::kNotFound) return text.error();
  RK_TRY(const std::string directory, PathOf(label, "."));
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return std::optional<KeyFile>();
  return NotFound("no key is called \"" + label + "\"").WithReason(kReasonKeyNotFound);
}

Result<SecretBytes> KeyDirectory::ReadAuth(const std::string& label) const {
  RK_TRY(const std::string path, PathOf(label, "auth"));
  const auto content = ReadSecretFile(path);
  if (content.ok()) return DecodeAuth(*content, path);
  if (content.error().code() == Code::kNotFound) return ReadCredential(label);
  return Error(content.error()).WithCode(Code::kFailedPrecondition).WithReason(kReasonAuthFile);
}

Result<SecretBytes> KeyDirectory::ReadCredential(const std::string& label) const {
  if (credentials_.empty()) return SecretBytes();
  RK_TRY(const std::string name, NameFor(label));
  const auto content = ReadCredentialFile(credentials_ + name);
  if (content.ok()) return DecodeAuth(*content, credentials_ + name);
  if (content.error().code() == Code::kNotFound) return SecretBytes();
  return Error(content.error()).WithCode(Code::kFailedPrecondition).WithReason(kReasonAuthFile);
}

Result<Fd> KeyDirectory::LockForAdding(Deadline deadline) {
  RK_RETURN_IF_ERROR(MakeDirectory(path_, 0700));
  const std::string path = path_ + "/.adding";
  RK_TRY(Fd lock, OpenLockFile(path));
  RK_RETURN_IF_ERROR(LockBy(lock, path, deadline));
  return lock;
}

Status KeyDirectory::CheckIsFree(const std::string& label) const {
  RK_TRY(const std::string name, NameFor(label));
  std::error_code error;
  const bool taken = std::filesystem::exists(std::filesystem::symlink_status(path_ + "/" + name, error));
  return taken ? Status(Taken(label)) : Ok();
}

Status KeyDirectory::Add(const std::string& label, const KeyFile& key, const SecretBytes& auth) {
  RK_RETURN_IF_ERROR(CheckIsFree(label));
  RK_TRY(const std::string name, NameFor(label));
  RK_TRY(const std::string pem, KeyFilePem(key));
  const std::string unfinished = path_ + "/" + std::string(kUnfinished);
  ClearUnfinished(unfinished);
  RK_RETURN_IF_ERROR(MakeDirectory(unfinished, 0700));
  if (!auth.empty()) {
    const SecretBytes text = EncodeAuth(auth);
    RK_RETURN_IF_ERROR(Write(unfinished + "/auth", AsText(text.RevealForUse())));
  }
  RK_RETURN_IF_ERROR(Write(unfinished + "/key.pem", pem));
  const std::string path = path_ + "/" + name;
  if (renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    return errno == EEXIST ? Taken(label) : ErrnoError("rename to " + path, errno);
  }
  return SyncDirectory(path_);
}

Result<std::optional<DeviceSpace>> KeyDirectory::Space() const {
  struct statvfs disk{};
  if (statvfs(path_.c_str(), &disk) != 0) {
    if (errno == ENOENT) return std::optional<DeviceSpace>();
    return ErrnoError("statvfs " + path_, errno);
  }
  if (disk.f_blocks == 0) return std::optional<DeviceSpace>();
  return std::optional(DeviceSpace{.free = disk.f_bavail * disk.f_frsize, .total = disk.f_blocks * disk.f_frsize});
}

Status KeyDirectory::Remove(const std::string& label) {
  RK_TRY(const std::string name, NameFor(label));
  const std::string unfinished = path_ + "/" + std::string(kUnfinished);
  ClearUnfinished(unfinished);
  const std::string path = path_ + "/" + name;
  if (rename(path.c_str(), unfinished.c_str()) != 0) {
    if (errno == ENOENT) return NotFound("no key is called \"" + label + "\"").WithReason(kReasonKeyNotFound);
    return ErrnoError("rename " + path, errno);
  }
  RK_RETURN_IF_ERROR(SyncDirectory(path_));
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  return error ? ErrnoError("remove " + unfinished, error.value()) : SyncDirectory(path_);
}

}  // namespace rootkeep::tpm2
