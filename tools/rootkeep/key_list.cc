#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/rootkeep/catalog_report.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kShortFingerprint = 16;

struct Asked {
  TokenOptions token;
  std::string state;
  bool json = false;
};

// What keeps the key from local-only custody for its own use, or that nothing does.
std::string Verdict(const KeyInfo& key) {
  if (!key.named) return "not one of ours";
  const Status status = CheckCustody(key, key.named->use, CustodyLevel::kLocalOnly, false);
  if (status.ok()) return "local-only";
  const std::string& message = status.error().message();
  const auto fact = message.rfind("\": ");
  return "NOT local-only: " + (fact == std::string::npos ? message : message.substr(fact + 3));
}

std::vector<std::string> Cells(const Compared& row) {
  if (row.key && row.finding != Finding::kAnotherKey) {
    const KeyInfo& key = *row.key;
    return {key.label,      std::string(KeyTypeName(key.public_key.type())),
            StateText(row), key.public_key.FingerprintHex().substr(0, kShortFingerprint),
            Verdict(key),   std::string(VoucherText(key.voucher))};
  }
  const CatalogEntry& entry = *row.entry;
  return {entry.label,
          std::string(KeyTypeName(entry.type)),
          StateText(row),
          entry.key ? entry.key->public_key.FingerprintHex().substr(0, kShortFingerprint) : "-",
          "-",
          "-"};
}

// By label; of several keys under one label, the same one first every time.
std::pair<std::string, std::string> OrderOf(const Compared& row) {
  return {LabelOf(row), row.key ? row.key->public_key.FingerprintHex() : std::string()};
}

Result<std::vector<Compared>> Rows(const Asked& asked, bool& catalogued) {
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  std::shared_ptr<Catalog> catalog;
  if (!state.empty()) {
    RK_TRY(catalog, LookCatalog(state));
  }
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  catalogued = catalog != nullptr;
  std::vector<CatalogEntry> entries;
  if (catalogued) {
    RK_TRY(entries, catalog->List());
  }
  RK_TRY(const TokenName name, NameOf(token, place.selector));
  RK_TRY(const std::vector<KeyInfo> keys, token.store->List(After(kTokenDeadline)));
  std::vector<Compared> rows = Compare(entries, keys, name);
  std::ranges::sort(rows, {}, OrderOf);
  return rows;
}

Status List(const Asked& asked) {
  bool catalogued = false;
  RK_TRY(const std::vector<Compared> rows, Rows(asked, catalogued));
  if (asked.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Compared& row : rows) list.push_back(catalogued ? ListedJson(row) : KeyJson(*row.key));
    PrintJson(list);
    return Ok();
  }
  std::vector<std::vector<std::string>> table;
  table.reserve(rows.size());
  for (const Compared& row : rows) table.push_back(Cells(row));
  PrintTable({"KEY", "TYPE", "STATE", "FINGERPRINT", "CUSTODY", "VOUCHED FOR"}, table);
  for (const Compared& row : rows) {
    const std::string_view finding = FindingText(row.finding);
    if (catalogued && !finding.empty()) PrintLine(fmt::format("{}: {}", LabelOf(row), finding));
  }
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareKeyPlaceOptions(options, asked->token);
  options
      .Text("--state", asked->state,
            "State directory with the key catalogue; with --config the one named there. With neither, or while there "
            "is no catalogue, keys have no state")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return List(*asked); };
}

}  // namespace

Command KeyListCommand() {
  return {.group = "key",
          .name = "list",
          .summary = "The keys in a token, what it claims about them, and their state in the catalogue",
          .example =
              "rootkeep key list --module /usr/lib/softhsm/libsofthsm2.so --token main "
              "--pin-source file:/etc/rootkeep/pin",
          .declare = Declare};
}

}  // namespace rootkeep::cli
