#include "tools/rootkeep-agent/certificate_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/catalog/catalog.h"
#include "keystore/catalog/generation.h"
#include "keystore/catalog/permission.h"

namespace rootkeep::agent {
namespace {

constexpr std::chrono::seconds kTokenDeadline{10};
constexpr std::chrono::seconds kGenerationDeadline{60};  // RSA in a slow token

Result<std::vector<CatalogEntry>> RowsOf(const std::string& path) {
  const auto catalog = Catalog::Look(path);
  if (!catalog.ok() && catalog.error().code() == Code::kNotFound) return std::vector<CatalogEntry>();
  if (!catalog.ok()) return catalog.error();
  return (*catalog)->List();
}

bool IsOf(const std::optional<LabelParts>& named, const KeySpec& spec) {
  return named && named->use == spec.use && named->name == spec.name;
}

// Of this name, the newest first.
std::vector<KeyInfo> NewestFirst(std::vector<KeyInfo> keys, const KeySpec& spec) {
  std::erase_if(keys, [&spec](const KeyInfo& key) { return !IsOf(key.named, spec); });
  std::ranges::sort(keys, std::greater(), [](const KeyInfo& key) { return key.named->generation; });
  return keys;
}

// Whether a row says that there should be a key which is not there.
const CatalogEntry* FindMissing(const std::vector<CatalogEntry>& rows, const std::vector<KeyInfo>& keys,
                                const KeySpec& spec) {
  for (const CatalogEntry& row : rows) {
    const bool should_sign = (row.state == KeyState::kActive || row.state == KeyState::kMissing) && !row.retired_at;
    if (!IsOf(row.named, spec) || !should_sign) continue;
    if (std::ranges::find(keys, row.label, &KeyInfo::label) == keys.end()) return &row;
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<const Signer>> OpenOrMakeKey(KeyStore& store, const std::string& catalog_path, KeySpec spec) {
  RK_TRY(const std::vector<CatalogEntry> rows, RowsOf(catalog_path));
  RK_TRY(std::vector<KeyInfo> listed, store.List(After(kTokenDeadline)));
  const std::vector<KeyInfo> keys = NewestFirst(std::move(listed), spec);
  if (const CatalogEntry* missing = FindMissing(rows, keys, spec); missing != nullptr) {
    return FailedPrecondition(fmt::format("key \"{}\" should be in its token and is not", missing->label))
        .WithReason("key_missing")
        .WithHint("bring its token back, or give the key up with rootkeep key retire: then the next one is made");
  }
  for (const KeyInfo& key : keys) {
    const Status permitted = CheckPermitted(rows, key, {.use = spec.use, .user = kUserAgent});
    const bool usable = permitted.ok() || permitted.error().reason() == "key_uncatalogued";
    if (usable) return store.Open(key.uri, After(kTokenDeadline));
    const bool over = permitted.error().reason() == "key_state" || permitted.error().reason() == "key_pending";
    if (!over) return permitted.error();
  }
  RK_TRY(spec.generation, NextGeneration(rows, keys, spec.use, spec.name));
  RK_TRY(const KeyInfo made, store.Create(spec, After(kGenerationDeadline)));
  log::Info("certificate_key_made", {{"label", made.label}, {"fingerprint", made.public_key.FingerprintHex()}});
  return store.Open(made.uri, After(kTokenDeadline));
}

}  // namespace rootkeep::agent
