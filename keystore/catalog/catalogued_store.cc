#include "keystore/catalog/catalogued_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/catalog/permission.h"

namespace rootkeep {
namespace {

// A key that an interrupted creation made, or one that somebody else put there under its label.
Status CheckResumed(const KeyInfo& key, const KeySpec& spec) {
  Status fits = CheckCustody(key, spec.use, spec.custody, false);
  if (fits.ok() && key.public_key.type() != spec.type) {
    fits = FailedPrecondition(fmt::format("it is of type {}", KeyTypeName(key.public_key.type())));
  }
  if (fits.ok()) return fits;
  return std::move(fits.error())
      .Within(fmt::format("the token holds a key \"{}\" that is not the one asked for", key.label));
}

}  // namespace

CataloguedStore::CataloguedStore(std::shared_ptr<KeyStore> store, std::shared_ptr<Catalog> catalog, TokenName token,
                                 const Clock& clock, std::vector<std::string> users, std::string opened_by,
                                 std::string maker)
    : store_(std::move(store)),
      catalog_(std::move(catalog)),
      token_(std::move(token)),
      clock_(clock),
      users_(std::move(users)),
      opened_by_(std::move(opened_by)),
      maker_(std::move(maker)) {}

Result<std::shared_ptr<const Signer>> CataloguedStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_TRY(auto signer, store_->Open(uri, deadline));
  RK_TRY(const std::vector<CatalogEntry> entries, catalog_->List());
  Status permitted = CheckPermitted(entries, signer->info(), {.use = std::nullopt, .user = opened_by_});
  if (permitted.ok() || permitted.error().reason() == "key_uncatalogued") return signer;
  return std::move(permitted.error());
}

Result<std::vector<KeyInfo>> CataloguedStore::List(Deadline deadline) { return store_->List(deadline); }

Result<std::optional<KeyInfo>> CataloguedStore::FindLabel(const std::string& label, Deadline deadline) {
  RK_TRY(const std::vector<KeyInfo> keys, store_->List(deadline));
  const auto found = std::ranges::find(keys, label, &KeyInfo::label);
  return found == keys.end() ? std::optional<KeyInfo>() : std::optional<KeyInfo>(*found);
}

Result<bool> CataloguedStore::IntendOrResume(const KeySpec& spec, const std::string& label) {
  Status intended = catalog_->Intend(spec, token_, users_, clock_.Now(), maker_);
  if (intended.ok()) return false;
  if (intended.error().code() != Code::kAlreadyExists) return std::move(intended.error());
  RK_TRY(const auto entry, catalog_->Find(label));
  const bool same = entry && entry->state == KeyState::kPending && entry->type == spec.type &&
                    entry->custody == spec.custody && entry->maker == maker_ && InToken(*entry, token_);
  if (!same) return std::move(intended.error());
  return true;
}

Result<KeyInfo> CataloguedStore::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(const std::string label, KeyLabel(spec));
  RK_TRY(const auto before, FindLabel(label, deadline));
  RK_TRY(const auto known, catalog_->Find(label));
  if (before && !known) {
    return AlreadyExists(fmt::format("the token holds a key \"{}\" that the catalogue does not know", label));
  }
  RK_TRY(const bool resumed, IntendOrResume(spec, label));
  if (before && resumed) {
    RK_RETURN_IF_ERROR(CheckResumed(*before, spec));
    RK_RETURN_IF_ERROR(catalog_->Activate(*before, clock_.Now()));
    return *before;
  }
  auto made = store_->Create(spec, deadline);
  if (!made.ok()) {
    // The row goes only when the token says that there is no such key; whatever is in doubt stays PENDING.
    const auto after = FindLabel(label, deadline);
    if (after.ok() && !*after) RK_RETURN_IF_ERROR(catalog_->Withdraw(label));
    return made;
  }
  RK_RETURN_IF_ERROR(catalog_->Activate(*made, clock_.Now()));
  return made;
}

}  // namespace rootkeep
