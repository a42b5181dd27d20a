#include "tools/rootkeep/key_in_use.h"

#include <fmt/format.h>

#include <filesystem>

#include "signer/authority/authority_files.h"
#include "tools/config/key_uri.h"
#include "tools/config/load.h"

namespace rootkeep::cli {
namespace {

// Whether the URI may mean the row's key. The token is not compared: a label and an id are never used twice.
bool Names(const KeyUri& uri, const CatalogEntry& entry) {
  if (!uri.object_label.empty() && uri.object_label != entry.label) return false;
  return uri.object_id.empty() || !entry.key || uri.object_id == entry.key->id;
}

Status CheckUri(const std::string& text, const std::string& authority, const CatalogEntry& entry) {
  RK_TRY(const KeyUri uri, config::ParseKeyUri(text));
  if (!Names(uri, entry)) return Ok();
  return FailedPrecondition(fmt::format("authority {} signs with \"{}\"", authority, entry.label))
      .WithReason("key_in_use")
      .WithHint("give the authority its next generation first: rootkeep ca init, or ca request and ca install");
}

// The newest generation's key; nothing where no generation is installed.
Status CheckInstalled(const std::string& state, const std::string& authority, const CatalogEntry& entry) {
  const auto generation = NewestGeneration(state, authority);
  if (!generation.ok()) return generation.error().code() == Code::kNotFound ? Ok() : Status(generation.error());
  RK_TRY(const AuthorityFiles files, ReadAuthorityFiles(state, authority, *generation));
  return CheckUri(files.key_uri, authority, entry);
}

Status CheckConfigured(const std::string& config_path, const CatalogEntry& entry) {
  RK_TRY(const config::Config config, config::LoadConfig(config_path));
  for (const config::Authority& authority : config.authorities) {
    RK_RETURN_IF_ERROR(authority.key.empty() ? CheckInstalled(config.state_directory, authority.name, entry)
                                             : CheckUri(authority.key, authority.name, entry));
  }
  return Ok();
}

}  // namespace

Status CheckNotInUse(const CatalogEntry& entry, const std::string& config_path, const std::string& state) {
  if (!config_path.empty()) return CheckConfigured(config_path, entry);
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(state + "/authorities", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    RK_RETURN_IF_ERROR(CheckInstalled(state, it->path().filename().string(), entry));
  }
  if (!error || error == std::errc::no_such_file_or_directory) return Ok();
  return ErrnoError("read directory " + state + "/authorities", error.value());
}

}  // namespace rootkeep::cli
