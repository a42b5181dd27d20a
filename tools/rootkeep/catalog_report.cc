#include "tools/rootkeep/catalog_report.h"

#include <nlohmann/json.hpp>

#include "tools/rootkeep/key_report.h"

namespace rootkeep::cli {
namespace {

using nlohmann::ordered_json;

ordered_json DateJson(const std::optional<WallTime>& date) {
  return date ? ordered_json(ToRfc3339(*date)) : ordered_json(nullptr);
}

// The key in the row is the one in the token.
bool IsThere(const Compared& row) { return row.key && row.finding != Finding::kAnotherKey; }

}  // namespace

std::string LabelOf(const Compared& row) { return row.entry ? row.entry->label : row.key->label; }

std::string StateText(const Compared& row) {
  if (!row.entry) return "-";
  const bool missing = row.finding == Finding::kMissing || row.finding == Finding::kAnotherKey;
  return std::string(KeyStateName(missing ? KeyState::kMissing : row.entry->state));
}

ordered_json CatalogJson(const Compared& row) {
  ordered_json json{{"state", nullptr}};
  if (row.entry) {
    const CatalogEntry& entry = *row.entry;
    json = {{"state", StateText(row)},
            {"created_at", ToRfc3339(entry.created_at)},
            {"activated_at", DateJson(entry.activated_at)},
            {"retired_at", DateJson(entry.retired_at)},
            {"missing_at", DateJson(entry.missing_at)},
            {"destroy_ordered_at", DateJson(entry.destroy_ordered_at)},
            {"destroyed_at", DateJson(entry.destroyed_at)},
            {"custody_level", CustodyLevelName(entry.custody)},
            {"users", entry.users},
            {"facts", nullptr}};
    if (entry.key) {
      json["facts"] = {{"read_at", ToRfc3339(entry.key->read_at)},
                       {"says", DescribeCustody(entry.key->facts)},
                       {"voucher", VoucherText(entry.key->voucher)}};
    }
  }
  const std::string_view finding = FindingText(row.finding);
  json["finding"] = finding.empty() ? ordered_json(nullptr) : ordered_json(finding);
  return json;
}

ordered_json ListedJson(const Compared& row) {
  ordered_json json;
  if (IsThere(row)) {
    json = KeyJson(*row.key);
  } else {
    const CatalogEntry& entry = *row.entry;
    json = {{"label", entry.label},
            {"uri", nullptr},
            {"type", KeyTypeName(entry.type)},
            {"public_key_sha256", nullptr},
            {"use", KeyUseName(entry.named.use)},
            {"name", entry.named.name},
            {"generation", entry.named.generation}};
    if (entry.key) json["public_key_sha256"] = entry.key->public_key.FingerprintHex();
  }
  json["catalogue"] = CatalogJson(row);
  return json;
}

}  // namespace rootkeep::cli
