#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kShortFingerprint = 16;

struct Asked {
  TokenOptions token;
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

Status List(const Asked& asked) {
  RK_TRY(const OpenToken token, OpenTokenBy(asked.token));
  RK_TRY(std::vector<KeyInfo> keys, token.store->List(After(kTokenDeadline)));
  std::ranges::sort(keys, {}, &KeyInfo::label);
  if (asked.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const KeyInfo& key : keys) list.push_back(KeyJson(key));
    PrintJson(list);
    return Ok();
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(keys.size());
  for (const KeyInfo& key : keys) {
    rows.push_back({key.label, std::string(KeyTypeName(key.public_key.type())),
                    key.public_key.FingerprintHex().substr(0, kShortFingerprint), Verdict(key),
                    std::string(VoucherText(key.voucher))});
  }
  PrintTable({"KEY", "TYPE", "FINGERPRINT", "CUSTODY", "VOUCHED FOR"}, rows);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Flag("--json", asked->json, "Print JSON");
  return [asked] { return List(*asked); };
}

}  // namespace

Command KeyListCommand() {
  return {.group = "key",
          .name = "list",
          .summary = "The keys in a token and what it claims about them",
          .example =
              "rootkeep key list --module /usr/lib/softhsm/libsofthsm2.so --token main "
              "--pin-source file:/etc/rootkeep/pin",
          .declare = Declare};
}

}  // namespace rootkeep::cli
