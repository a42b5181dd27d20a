#include "tools/rootkeep-agent/making_store.h"

#include <fmt/format.h>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/catalog/generation.h"
#include "keystore/catalog/permission.h"
#include "tools/rootkeep-agent/counted_signer.h"

namespace rootkeep::agent {
namespace {

std::string MakerOf(KeyUse use) { return use == KeyUse::kForeignCa ? std::string(kUserAgent) : std::string(); }

}  // namespace

Result<std::shared_ptr<const Signer>> MakingStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_TRY(auto signer, store_->Open(uri, deadline));
  const auto& named = signer->info().named;
  if (!named || named->use != KeyUse::kForeignCa) return signer;
  return std::shared_ptr<const Signer>(std::make_shared<CountedSigner>(std::move(signer), foreign_ca_keys_));
}

Result<std::uint32_t> MakingStore::Next(const KeySpec& spec, Deadline deadline) {
  RK_TRY(const auto catalog, Catalog::Open(catalog_path_));
  RK_TRY(std::vector<CatalogEntry> entries, catalog->List());
  for (CatalogEntry& entry : entries) {
    // A creation that was interrupted is finished by the same one only.
    const bool same = entry.type == spec.type && entry.custody == spec.custody && entry.maker == MakerOf(spec.use) &&
                      InToken(entry, token_);
    if (entry.state == KeyState::kPending && !same) entry.state = KeyState::kDestroyed;
  }
  RK_TRY(const std::vector<KeyInfo> keys, store_->List(deadline));
  return NextGeneration(entries, keys, spec.use, spec.name);
}

Result<KeySpec> MakingStore::WithGeneration(KeySpec spec, Deadline deadline) {
  const bool chosen = spec.generation != keysocket::kNextGeneration;
  if (chosen && spec.use != KeyUse::kForeignCa) return spec;
  RK_TRY(const std::uint32_t next, Next(spec, deadline));
  // Whoever took the last number there is would end the name.
  if (chosen && spec.generation > next) {
    return InvalidArgument(
        fmt::format("generation {} of \"{}\" is not the next, {}", spec.generation, spec.name, next));
  }
  if (!chosen) spec.generation = next;
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
