#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/catalog_report.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  std::string state;
  bool json = false;
};

void Print(const std::vector<Compared>& rows, bool json) {
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Compared& row : rows) {
      nlohmann::ordered_json member{{"label", LabelOf(row)}};
      member.update(CatalogJson(row));
      list.push_back(std::move(member));
    }
    PrintJson(list);
    return;
  }
  std::vector<std::vector<std::string>> table;
  table.reserve(rows.size());
  for (const Compared& row : rows) {
    const std::string_view finding = FindingText(row.finding);
    table.push_back({LabelOf(row), StateText(row), std::string(finding.empty() ? "as catalogued" : finding)});
  }
  PrintTable({"KEY", "STATE", "FINDING"}, table);
}

Status SweepKeys(const Asked& asked) {
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  RK_TRY(const std::string state, CatalogStateOf(asked.token, asked.state));
  if (state.empty()) return UsageError("which catalogue? give --state, or --config");
  RK_TRY(const auto catalog, OpenCatalog(state));
  RK_TRY(const OpenToken token, OpenTokenAt(place));
  RK_TRY(const TokenName name, NameOf(token, place.selector));
  RK_TRY(const auto rows, Sweep(*catalog, *token.store, name, SystemClock().Now(), After(kTokenDeadline)));
  Print(rows, asked.json);
  const auto odd =
      std::ranges::count_if(rows, [](const Compared& row) { return row.finding != Finding::kAsCatalogued; });
  if (odd == 0) return Ok();
  return FailedPrecondition(fmt::format("{} of {} keys are not as catalogued", odd, rows.size()));
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Text("--state", asked->state, "State directory with the key catalogue; with --config the one named there")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return SweepKeys(*asked); };
}

}  // namespace

Command KeySweepCommand() {
  return {.group = "key",
          .name = "sweep",
          .summary =
              "Hold catalogue and token against each other: marks keys MISSING or found again, deletes nothing; "
              "exit code 1 when something is not as catalogued",
          .example = "rootkeep key sweep --config /etc/rootkeep/rootkeepd.yaml --token main",
          .declare = Declare};
}

}  // namespace rootkeep::cli
