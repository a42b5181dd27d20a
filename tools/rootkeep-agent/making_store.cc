#include "tools/rootkeep-agent/making_store.h"

#include <algorithm>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/generation.h"
#include "keystore/catalog/permission.h"
#include "tools/rootkeep-agent/counted_signer.h"

namespace rootkeep::agent {
namespace {

bool IsPendingAsAnother(const std::vector<CatalogEntry>& entries, const KeySpec& spec) {
  const auto label = KeyLabel(spec);
  const auto row = std::ranges::find(entries, label.ok() ? *label : "", &CatalogEntry::label);
  if (row == entries.end() || row->state != KeyState::kPending) return false;
  return row->type != spec.type || row->custody != spec.custody;
}

}  // namespace

Result<std::shared_ptr<const Signer>> MakingStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_TRY(auto signer, store_->Open(uri, deadline));
  const auto& named = signer->info().named;
  if (!named || named->use != KeyUse::kForeignCa) return signer;
  return std::shared_ptr<const Signer>(std::make_shared<CountedSigner>(std::move(signer), foreign_ca_keys_));
}

Result<KeySpec> MakingStore::WithGeneration(KeySpec spec, Deadline deadline) {
  if (spec.generation != keysocket::kNextGeneration) return spec;
  RK_TRY(const auto catalog, Catalog::Open(catalog_path_));
  RK_TRY(const std::vector<CatalogEntry> entries, catalog->List());
  RK_TRY(const std::vector<KeyInfo> keys, store_->List(deadline));
  RK_TRY(spec.generation, NextGeneration(entries, keys, spec.use, spec.name));
  // A creation that was interrupted is finished by the same one only.
  if (IsPendingAsAnother(entries, spec)) ++spec.generation;
  return spec;
}

Result<KeyInfo> MakingStore::Make(const KeySpec& spec, Deadline deadline) {
  if (spec.use == KeyUse::kForeignCa) return foreign_ca_keys_.Create(store_, token_, spec, deadline);
  RK_TRY(auto catalog, Catalog::Open(catalog_path_));
  return CataloguedStore(store_, std::move(catalog), token_, clock_, DefaultUsers(spec.use)).Create(spec, deadline);
}

Result<KeyInfo> MakingStore::Create(const KeySpec& asked, Deadline deadline) {
  RK_TRY(const KeySpec spec, WithGeneration(asked, deadline));
  RK_TRY(KeyInfo made, Make(spec, deadline));
  permits_.Finished(made.label);
  return made;
}

}  // namespace rootkeep::agent
