#include <nlohmann/json.hpp>

#include "keystore/base/clock.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {
namespace {

std::string Time(std::int64_t seconds) { return ToRfc3339(FromUnixSeconds(seconds)); }

std::string Expiry(const v1::RecordedJwtKey& key) { return key.expires_at() == 0 ? "never" : Time(key.expires_at()); }

void PrintWords(const v1::JwtKeyList& list) {
  std::vector<std::vector<std::string>> table;
  for (const v1::RecordedJwtKey& key : list.keys()) {
    table.push_back({key.key_id(), key.removed_at() == 0 ? "trusted" : "removed", Expiry(key), Time(key.published_at()),
                     key.published_by()});
  }
  PrintTable({"KEY ID", "STATE", "NOT AFTER", "PUBLISHED", "BY"}, table);
}

void PrintAsJson(const v1::JwtKeyList& list) {
  nlohmann::ordered_json json{
      {"trust_domain", list.trust_domain()}, {"sequence", list.sequence()}, {"keys", nlohmann::ordered_json::array()}};
  for (const v1::RecordedJwtKey& key : list.keys()) {
    nlohmann::ordered_json entry{{"key_id", key.key_id()},
                                 {"state", key.removed_at() == 0 ? "trusted" : "removed"},
                                 {"not_after", Expiry(key)},
                                 {"published_at", Time(key.published_at())},
                                 {"published_by", key.published_by()},
                                 {"public_key", ToHex(AsBytes(key.public_key()))}};
    if (key.removed_at() != 0) entry["removed_at"] = Time(key.removed_at());
    json["keys"].push_back(std::move(entry));
  }
  PrintJson(json);
}

}  // namespace

Status Report(const v1::JwtKeyList& keys, bool json) {
  json ? PrintAsJson(keys) : PrintWords(keys);
  return Ok();
}

}  // namespace rootkeep::cli
