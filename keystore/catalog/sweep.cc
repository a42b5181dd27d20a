#include "keystore/catalog/sweep.h"

#include <algorithm>

namespace rootkeep {
namespace {

Finding Judge(const CatalogEntry& entry, const std::vector<KeyInfo>& keys, std::optional<KeyInfo>& found) {
  const auto labelled = std::ranges::find(keys, entry.label, &KeyInfo::label);
  if (!entry.key) {
    if (labelled == keys.end()) return Finding::kPendingNoKey;
    found = *labelled;
    return Finding::kPendingKey;
  }
  const auto same = std::ranges::find_if(keys, [&entry](const KeyInfo& key) {
    return key.label == entry.label && key.id == entry.key->id && key.public_key == entry.key->public_key;
  });
  if (same == keys.end()) {
    if (entry.state == KeyState::kDestroyed) return Finding::kAsCatalogued;
    if (entry.destroy_ordered_at) return Finding::kDestroyDone;
    const auto other = std::ranges::find_if(
        keys, [&entry](const KeyInfo& key) { return key.label == entry.label || key.id == entry.key->id; });
    if (other == keys.end()) return Finding::kMissing;
    found = *other;
    return Finding::kAnotherKey;
  }
  found = *same;
  if (entry.state == KeyState::kDestroyed) return Finding::kNotDestroyed;
  if (entry.destroy_ordered_at) return Finding::kDestroyBegun;
  if (entry.state == KeyState::kMissing) return Finding::kReturned;
  return same->custody == entry.key->facts && same->voucher == entry.key->voucher ? Finding::kAsCatalogued
                                                                                  : Finding::kFactsChanged;
}

bool IsMissing(Finding finding) { return finding == Finding::kMissing || finding == Finding::kAnotherKey; }

}  // namespace

std::string_view FindingText(Finding finding) {
  switch (finding) {
    case Finding::kAsCatalogued: return "";
    case Finding::kUncatalogued: return "in the token, not in the catalogue";
    case Finding::kPendingNoKey: return "its creation stopped before the token made it";
    case Finding::kPendingKey: return "its creation stopped after the token made it: create it again to finish";
    case Finding::kMissing: return "not in the token";
    case Finding::kReturned: return "in the token again";
    case Finding::kAnotherKey: return "not in the token: the key that has its label or id is another one";
    case Finding::kFactsChanged: return "the token says something else about it than when it was made";
    case Finding::kDestroyBegun: return "its destruction stopped before the token did it: destroy it again to finish";
    case Finding::kDestroyDone: return "its destruction stopped after the token did it: destroy it again to finish";
    case Finding::kNotDestroyed: return "still in the token";
  }
  return "";
}

std::vector<Compared> Compare(const std::vector<CatalogEntry>& entries, const std::vector<KeyInfo>& keys,
                              const TokenName& token) {
  std::vector<Compared> compared;
  for (const CatalogEntry& entry : entries) {
    if (!InToken(entry, token)) continue;
    std::optional<KeyInfo> found;
    const Finding finding = Judge(entry, keys, found);
    compared.push_back({.finding = finding, .entry = entry, .key = std::move(found)});
  }
  const std::size_t rows = compared.size();
  for (const KeyInfo& key : keys) {
    const bool known = std::ranges::any_of(std::span(compared).first(rows), [&key](const Compared& row) {
      return row.finding != Finding::kAnotherKey && row.key && row.key->uri.Redacted() == key.uri.Redacted();
    });
    if (!known) compared.push_back({.finding = Finding::kUncatalogued, .entry = std::nullopt, .key = key});
  }
  return compared;
}

Status Mark(Catalog& catalog, std::vector<Compared>& compared, WallTime now) {
  for (Compared& row : compared) {
    if (!row.entry) continue;
    const std::string& label = row.entry->label;
    if (row.finding == Finding::kReturned) {
      RK_RETURN_IF_ERROR(catalog.MarkFound(label));
    } else if (IsMissing(row.finding) && row.entry->state != KeyState::kMissing) {
      RK_RETURN_IF_ERROR(catalog.MarkMissing(label, now));
    } else {
      continue;
    }
    RK_TRY(row.entry, catalog.Find(label));
  }
  return Ok();
}

Result<std::vector<Compared>> Sweep(Catalog& catalog, KeyStore& store, const TokenName& token, WallTime now,
                                    Deadline deadline) {
  // The rows first: a key made in between is then without a row, which is only reported, and never a row without a key.
  RK_TRY(const std::vector<CatalogEntry> entries, catalog.List());
  RK_TRY(const std::vector<KeyInfo> keys, store.List(deadline));
  std::vector<Compared> compared = Compare(entries, keys, token);
  RK_RETURN_IF_ERROR(Mark(catalog, compared, now));
  return compared;
}

}  // namespace rootkeep
