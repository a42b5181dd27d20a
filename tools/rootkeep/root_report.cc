#include <nlohmann/json.hpp>

#include "signer/certificate/certificate.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {
namespace {

struct Row {
  const v1::RecordedRoot& root;
  CertificateFacts facts;
};

std::string StateWord(v1::RootState state) {
  switch (state) {
    case v1::ROOT_STATE_TRUSTED: return "trusted";
    case v1::ROOT_STATE_TAINTED: return "tainted";
    case v1::ROOT_STATE_REMOVED: return "removed";
    default: return "unknown";
  }
}

std::string Time(std::int64_t seconds) { return ToRfc3339(FromUnixSeconds(seconds)); }

Result<std::vector<Row>> Read(const v1::RootList& list) {
  std::vector<Row> rows;
  for (const v1::RecordedRoot& root : list.roots()) {
    RK_TRY(auto facts, ReadCertificates(CertificatePem(AsBytes(root.certificate()))));
    rows.push_back({root, std::move(facts.front())});
  }
  return rows;
}

void PrintWords(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> table;
  for (const auto& [root, facts] : rows) {
    const std::string key_id = ToHex(AsBytes(root.subject_key_id()));
    table.push_back({key_id.empty() ? root.fingerprint() : key_id, StateWord(root.state()),
                     root.active() ? "active" : "-", root.vouches_for_clients() ? "yes" : "no",
                     ToRfc3339(facts.not_after), Time(root.state_since()), facts.subject});
  }
  PrintTable({"ROOT", "STATE", "SIGNS", "CLIENTS", "NOT AFTER", "SINCE", "SUBJECT"}, table);
}

void PrintAsJson(const v1::RootList& list, const std::vector<Row>& rows) {
  nlohmann::ordered_json json{
      {"trust_domain", list.trust_domain()}, {"sequence", list.sequence()}, {"roots", nlohmann::ordered_json::array()}};
  for (const auto& [root, facts] : rows) {
    json["roots"].push_back({{"fingerprint", root.fingerprint()},
                             {"subject_key_id", ToHex(AsBytes(root.subject_key_id()))},
                             {"state", StateWord(root.state())},
                             {"active", root.active()},
                             {"vouches_for_clients", root.vouches_for_clients()},
                             {"subject", facts.subject},
                             {"not_after", ToRfc3339(facts.not_after)},
                             {"added_at", Time(root.added_at())},
                             {"state_since", Time(root.state_since())}});
  }
  PrintJson(json);
}

}  // namespace

Status Report(const v1::RootList& list, bool json) {
  RK_TRY(const auto rows, Read(list));
  json ? PrintAsJson(list, rows) : PrintWords(rows);
  return Ok();
}

}  // namespace rootkeep::cli
