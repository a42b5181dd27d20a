#include "tools/hardware/catalog_rows.h"

#include <utility>

namespace rootkeep {

Status CatalogRows::ReadAnew() {
  auto opened = Catalog::OpenExisting(path_);
  if (!opened.ok() && opened.error().code() == Code::kNotFound) {
    if (catalog_ == nullptr) return Ok();
    // What it said may have kept a key from signing: that nobody can take back by removing it.
    return Unavailable("the key catalogue is gone; what it said last is held to")
        .WithReason("key_catalogue_gone")
        .WithHint("put keys.db back into the state directory, or restart the service without one");
  }
  if (!opened.ok()) return std::move(opened.error());
  // The number before the rows: what changes in between is read again.
  RK_TRY(const std::int64_t changes, (*opened)->OthersChanges());
  RK_TRY(auto entries, (*opened)->List());
  Set(std::move(entries));
  others_changes_ = changes;
  catalog_ = std::move(*opened);
  return Ok();
}

Status CatalogRows::Refresh() {
  if (catalog_ == nullptr) return ReadAnew();
  RK_TRY(const bool replaced, catalog_->Replaced());
  if (replaced) return ReadAnew();
  RK_TRY(const std::int64_t changes, catalog_->OthersChanges());
  if (changes == others_changes_) return Ok();
  RK_TRY(auto entries, catalog_->List());
  Set(std::move(entries));
  others_changes_ = changes;
  return Ok();
}

void CatalogRows::Reread() {
  if (auto entries = catalog_->List(); entries.ok()) Set(std::move(*entries));
}

void CatalogRows::Set(std::vector<CatalogEntry> entries) {
  entries_ = std::move(entries);
  ++version_;
}

}  // namespace rootkeep
