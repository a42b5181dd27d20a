#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/clock.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/ledger_options.h"
#include "tools/rootkeep/ledger_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  LedgerOptionsGiven ledger;
  std::string status = "any";
  std::string san;
  std::uint32_t limit = 100;
  bool json = false;
};

LedgerFilter FilterOf(const Asked& asked) {
  LedgerFilter filter{.san = asked.san, .limit = asked.limit};
  for (const auto status : {EntryStatus::kPossiblyIssued, EntryStatus::kIssued, EntryStatus::kFailed}) {
    if (asked.status == EntryStatusName(status)) filter.status = status;
  }
  return filter;
}

Status List(const Asked& asked) {
  RK_TRY(const auto ledger, OpenGivenLedger(asked.ledger));
  RK_TRY(const auto entries, ledger->List(FilterOf(asked)));
  if (asked.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const LedgerEntry& entry : entries) list.push_back(EntryJson(entry, false));
    PrintJson(list);
    return Ok();
  }
  std::vector<std::vector<std::string>> rows;
  for (const LedgerEntry& entry : entries) {
    rows.push_back({ToRfc3339(FromUnixSeconds(entry.intent.intended_at)), std::string(EntryStatusName(entry.status)),
                    entry.intent.serial, ToRfc3339(FromUnixSeconds(entry.intent.not_after)), entry.intent.sans});
  }
  PrintTable({"WHEN", "STATUS", "SERIAL", "UNTIL", "NAMES"}, rows);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareLedgerOptions(options, asked->ledger);
  options
      .Choice("--status", asked->status, {"any", "issued", "possibly issued", "failed"}, "Only entries of that status")
      .Text("--san", asked->san, "Only certificates with a name that holds this text")
      .Number("--limit", asked->limit, 1, kLedgerPage, "At most so many, the newest first")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return List(*asked); };
}

}  // namespace

Command LedgerListCommand() {
  return {.group = "ledger",
          .name = "list",
          .summary = "Certificates issued, possibly issued and failed, the newest first",
          .example = "rootkeep ledger list --state /var/lib/rootkeep --status \"possibly issued\"",
          .declare = Declare};
}

}  // namespace rootkeep::cli
