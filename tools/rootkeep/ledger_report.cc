#include "tools/rootkeep/ledger_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"

namespace rootkeep::cli {
namespace {

// Empty for a time that has not come.
std::string Time(std::int64_t seconds) { return seconds == 0 ? "" : ToRfc3339(FromUnixSeconds(seconds)); }

// Every field as text, in the order people read them; one list for both forms.
std::vector<std::pair<std::string, std::string>> Fields(const LedgerEntry& entry) {
  const Intent& intent = entry.intent;
  return {{"id", std::to_string(entry.id)},
          {"status", std::string(EntryStatusName(entry.status))},
          {"failure", entry.failure},
          {"names", intent.sans},
          {"caller", intent.caller},
          {"auth_method", intent.auth_method},
          {"authenticator", intent.authenticator},
          {"credential_id", intent.credential_id},
          {"node", intent.node},
          {"attested_node", intent.attested_node},
          {"peer", intent.peer},
          {"decision", intent.decision},
          {"request_id", intent.request_id},
          {"authority", intent.authority},
          {"trust_domain", intent.trust_domain},
          {"profile", intent.profile},
          {"issuer", intent.issuer},
          {"serial", intent.serial},
          {"not_before", Time(intent.not_before)},
          {"not_after", Time(intent.not_after)},
          {"intended_at", Time(intent.intended_at)},
          {"completed_at", Time(entry.completed_at)},
          {"csr_sha256", intent.csr_sha256},
          {"spki_sha256", intent.spki_sha256},
          {"attestation", intent.attestation}};
}

}  // namespace

std::vector<std::string> EntryLines(const LedgerEntry& entry) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : Fields(entry)) {
    if (!value.empty()) lines.push_back(fmt::format("{:<15}{}", name, value));
  }
  return lines;
}

nlohmann::ordered_json EntryJson(const LedgerEntry& entry, bool whole) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : Fields(entry)) json[name] = value;
  json["id"] = entry.id;
  if (whole) {
    json["tbs"] = ToBase64(entry.intent.tbs);
    json["certificate"] = ToBase64(entry.certificate);
  }
  return json;
}

}  // namespace rootkeep::cli
