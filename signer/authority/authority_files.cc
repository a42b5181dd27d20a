#include "signer/authority/authority_files.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <system_error>

#include "keystore/base/file.h"

namespace rootkeep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 1 << 20;
constexpr char kChain[] = "chain.pem";
constexpr char kBundle[] = "bundle.pem";
constexpr char kKeyUri[] = "key.uri";

fs::path DirectoryOf(const std::string& state_directory, const std::string& name) {
  return fs::path(state_directory) / "authorities" / name;
}

// 0 for a name that is no generation, as that of a directory still being written.
std::uint32_t ParseGeneration(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

bool IsComplete(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / kChain, ignored) && fs::exists(directory / kBundle, ignored) &&
         fs::exists(directory / kKeyUri, ignored);
}

Status MakeDirectories(const std::string& state_directory, const fs::path& authority, const fs::path& fresh) {
  RK_RETURN_IF_ERROR(MakeDirectory((fs::path(state_directory) / "authorities").string(), 0700));
  RK_RETURN_IF_ERROR(MakeDirectory(authority.string(), 0700));
  std::error_code ignored;
  fs::remove_all(fresh, ignored);  // what an interrupted attempt left
  return MakeDirectory(fresh.string(), 0700);
}

}  // namespace

Result<std::uint32_t> NewestGeneration(const std::string& state_directory, const std::string& name) {
  const fs::path directory = DirectoryOf(state_directory, name);
  std::uint32_t newest = 0;
  std::error_code error;
  for (auto it = fs::directory_iterator(directory, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const std::uint32_t generation = ParseGeneration(it->path().filename().string());
    if (generation > newest && IsComplete(it->path())) newest = generation;
  }
  if (newest != 0) return newest;
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoError("read directory " + directory.string(), error.value());
  }
  return NotFound(fmt::format("no certificate is installed in {}", directory.string()))
      .WithReason("not_installed")
      .WithHint("run rootkeep ca init, or ca request and ca install");
}

Result<AuthorityFiles> ReadAuthorityFiles(const std::string& state_directory, const std::string& name,
                                          std::uint32_t generation) {
  const fs::path directory = DirectoryOf(state_directory, name) / std::to_string(generation);
  AuthorityFiles files;
  RK_TRY(files.chain_pem, ReadFile((directory / kChain).string(), kMaxFile));
  RK_TRY(files.bundle_pem, ReadFile((directory / kBundle).string(), kMaxFile));
  RK_TRY(files.key_uri, ReadFile((directory / kKeyUri).string(), kMaxFile));
  if (files.key_uri.ends_with('\n')) files.key_uri.pop_back();
  return files;
}

Status WriteAuthorityFiles(const std::string& state_directory, const std::string& name, std::uint32_t generation,
                           const AuthorityFiles& files) {
  const fs::path authority = DirectoryOf(state_directory, name);
  const fs::path final_path = authority / std::to_string(generation);
  std::error_code error;
  if (fs::exists(final_path, error)) return AlreadyExists(final_path.string() + " exists already");
  const fs::path fresh = authority / fmt::format("{}.new", generation);
  RK_RETURN_IF_ERROR(MakeDirectories(state_directory, authority, fresh));
  RK_RETURN_IF_ERROR(WriteFileAtomically((fresh / kChain).string(), files.chain_pem, 0600));
  RK_RETURN_IF_ERROR(WriteFileAtomically((fresh / kBundle).string(), files.bundle_pem, 0600));
  RK_RETURN_IF_ERROR(WriteFileAtomically((fresh / kKeyUri).string(), files.key_uri + "\n", 0600));
  fs::rename(fresh, final_path, error);
  if (error) return ErrnoError("rename to " + final_path.string(), error.value());
  return SyncDirectory(authority.string());
}

}  // namespace rootkeep
