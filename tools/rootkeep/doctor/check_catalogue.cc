#include "tools/rootkeep/doctor/check_catalogue.h"

#include <fmt/format.h>

#include "keystore/catalog/catalog.h"
#include "keystore/catalog/sweep.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {
namespace {

Status CompareKeys(const std::vector<CatalogEntry>& rows, const TokenName& token, KeyStore& store) {
  RK_TRY(const std::vector<KeyInfo> keys, store.List(After(kTokenDeadline)));
  std::string odd;
  for (const Compared& row : Compare(rows, keys, token)) {
    // Keys without a row are nobody's fault: a token may serve others too.
    if (!row.entry || row.finding == rootkeep::Finding::kAsCatalogued) continue;
    odd += fmt::format("{}{}: {}", odd.empty() ? "" : "; ", row.entry->label, rootkeep::FindingText(row.finding));
  }
  if (odd.empty()) return Ok();
  return FailedPrecondition(odd);
}

}  // namespace

CatalogueRows ReadCatalogue(Checkup& checkup, const store::StateDir& state) {
  const auto catalog = Catalog::Look(state.key_catalog_path());
  if (!catalog.ok() && catalog.error().code() == Code::kNotFound) {
    checkup.Warn(kCatalogueStep, state.path(), "there is none: rootkeep key adopt begins one with the keys there are");
    return std::nullopt;
  }
  const auto rows = catalog.ok() ? (*catalog)->List() : Result<std::vector<CatalogEntry>>(catalog.error());
  if (!rows.ok()) {
    checkup.Step(kCatalogueStep, state.path(), rows);
    return std::nullopt;
  }
  return *rows;
}

void CheckCatalogue(Checkup& checkup, const CatalogueRows& rows, const std::string& subject, const TokenName& token,
                    KeyStore& store) {
  if (rows) checkup.Step(kCatalogueStep, subject, CompareKeys(*rows, token, store));
}

std::optional<Status> CheckPermission(Checkup& checkup, const std::string& subject, const CatalogueRows& rows,
                                      const KeyInfo& key, const Purpose& purpose) {
  if (!rows) return std::nullopt;
  Status permitted = CheckPermitted(*rows, key, purpose);
  if (permitted.ok() || permitted.error().reason() != "key_uncatalogued") return permitted;
  checkup.Warn(kCatalogueStep, subject, Error(permitted.error()).ToString());
  return std::nullopt;
}

}  // namespace rootkeep::cli
