#include <memory>
#include <nlohmann/json.hpp>

#include "signer/der/pem.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/ledger_options.h"
#include "tools/rootkeep/ledger_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  LedgerOptionsGiven ledger;
  std::string which;
  bool json = false;
};

// Other tools print serials in capitals.
std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// By serial or by request id; a serial of two issuers gives both.
Result<std::vector<LedgerEntry>> Find(EntryReader& ledger, const std::string& which) {
  RK_TRY(auto entries, ledger.List({.serial = which}));
  if (!entries.empty()) return entries;
  RK_TRY(entries, ledger.List({.request_id = which}));
  if (!entries.empty()) return entries;
  return NotFound("no entry has the serial or request id " + which);
}

void Print(const LedgerEntry& entry) {
  for (const std::string& line : EntryLines(entry)) PrintLine(line);
  if (!entry.certificate.empty()) PrintLine(der::ToPem(entry.certificate, "CERTIFICATE"));
}

Status Show(const Asked& asked) {
  // An empty filter lets every entry through.
  if (asked.which.empty()) return UsageError("which one? give a serial or a request id");
  RK_TRY(const auto ledger, OpenGivenLedger(asked.ledger));
  RK_TRY(const auto entries, Find(*ledger, LowerCase(asked.which)));
  if (!asked.json) {
    for (const LedgerEntry& entry : entries) Print(entry);
    return Ok();
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LedgerEntry& entry : entries) list.push_back(EntryJson(entry, true));
  PrintJson(list);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareLedgerOptions(options, asked->ledger);
  options.Argument("which", asked->which, "A certificate's serial or a request id, both in hexadecimal")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Show(*asked); };
}

}  // namespace

Command LedgerShowCommand() {
  return {.group = "ledger",
          .name = "show",
          .summary = "Everything recorded about one certificate or request",
          .example = "rootkeep ledger show --state /var/lib/rootkeep 3fa9c2e07b5d4418",
          .declare = Declare};
}

}  // namespace rootkeep::cli
