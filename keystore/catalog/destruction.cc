#include "keystore/catalog/destruction.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {
namespace {

Result<CatalogEntry> FindRetired(const Catalog& catalog, const TokenName& token, const std::string& label) {
  RK_TRY(auto entry, catalog.Find(label));
  if (!entry) return NotFound(fmt::format("the key catalogue has no \"{}\"", label));
  const bool there = entry->state == KeyState::kRetired || entry->state == KeyState::kMissing;
  if (!there || !entry->retired_at) {
    return FailedPrecondition(fmt::format("key \"{}\" is {} in the catalogue", label, KeyStateName(entry->state)))
        .WithReason("key_state")
        .WithHint(entry->state == KeyState::kDestroyed ? "" : "retire it first: rootkeep key retire " + label);
  }
  if (InToken(*entry, token)) return std::move(*entry);
  return FailedPrecondition(
             fmt::format("key \"{}\" is in token \"{}\", serial {}", label, entry->token.label, entry->token.serial))
      .WithReason("key_token");
}

// The row's own key, where the token holds it.
Result<std::optional<KeyInfo>> FindInToken(const CatalogEntry& entry, KeyStore& store, Deadline deadline) {
  RK_TRY(const std::vector<KeyInfo> keys, store.List(deadline));
  std::optional<KeyInfo> found;
  for (const KeyInfo& key : keys) {
    if (key.label != entry.label && key.id != entry.key->id) continue;
    const bool same = key.label == entry.label && key.id == entry.key->id && key.public_key == entry.key->public_key;
    if (!same || found) {
      return Error(Code::kDataLoss,
                   fmt::format("token \"{}\" has another key with the label or id of \"{}\", with fingerprint {}",
                               key.device.label, entry.label, key.public_key.FingerprintHex()))
          .WithReason("key_another")
          .WithHint("nothing was destroyed; rootkeep key list shows both");
    }
    found = key;
  }
  return found;
}

}  // namespace

Status DestroyKey(Catalog& catalog, KeyStore& store, const TokenName& token, const std::string& label,
                  const Clock& clock, Deadline deadline) {
  RK_TRY(const CatalogEntry entry, FindRetired(catalog, token, label));
  KeyDeleter* deleter = store.deleter();
  if (deleter == nullptr) return Error(Code::kUnimplemented, "this backend destroys no keys");
  RK_TRY(const auto before, FindInToken(entry, store, deadline));
  if (!entry.destroy_ordered_at) RK_RETURN_IF_ERROR(catalog.OrderDestruction(label, clock.Now()));
  if (before) {
    RK_RETURN_IF_ERROR(deleter->Delete(before->uri, deadline));
    RK_TRY(const auto after, FindInToken(entry, store, deadline));
    if (after)
      return Error(Code::kDataLoss, fmt::format("the token still holds \"{}\"", label)).WithReason("key_there");
  } else {
    // A key of which only the public half is there is in no list.
    RK_RETURN_IF_ERROR(
        deleter->DeleteRemains({.label = label, .id = entry.key->id, .public_key = entry.key->public_key}, deadline));
  }
  return catalog.MarkDestroyed(label, clock.Now());
}

}  // namespace rootkeep
