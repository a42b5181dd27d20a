#include "signer/ledger/entry_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "signer/ledger/certificate_tail.h"

namespace rootkeep {
namespace {

using store::Column;
using store::Statement;
using enum Column;

constexpr std::int64_t kStretch = 20'000;  // ids read in one transaction

constexpr const char* kColumns =
    "SELECT id, request_id, authority, fingerprint, serial, trust_domain, profile, caller, auth_method, authenticator,"
    " credential_id, node, attested_node, peer, decision, sans, csr_sha256, spki_sha256, attestation, not_before,"
    " not_after, intended_at, tbs, status, tail, failure, completed_at FROM entries WHERE ";

const std::vector<Column> kColumnTypes = {
    kInteger, kText, kText, kText, kText, kText,    kText,    kText,    kText, kText,    kText, kText, kText,   kText,
    kText,    kText, kText, kText, kText, kInteger, kInteger, kInteger, kBlob, kInteger, kBlob, kText, kInteger};

LedgerEntry ReadRow(const Statement& row) {
  std::size_t column = 0;
  const auto text = [&] { return std::string(row.text(column++)); };
  const auto integer = [&] { return row.integer(column++); };
  const auto blob = [&] { return row.blob(column++); };

  LedgerEntry entry;
  entry.id = integer();
  Intent& intent = entry.intent;
  for (std::string* field :
       {&intent.request_id, &intent.authority, &intent.issuer, &intent.serial, &intent.trust_domain, &intent.profile,
        &intent.caller, &intent.auth_method, &intent.authenticator, &intent.credential_id, &intent.node,
        &intent.attested_node, &intent.peer, &intent.decision, &intent.sans, &intent.csr_sha256, &intent.spki_sha256,
        &intent.attestation}) {
    *field = text();
  }
  intent.not_before = integer();
  intent.not_after = integer();
  intent.intended_at = integer();
  intent.tbs = blob();
  entry.status = static_cast<EntryStatus>(integer());
  const Bytes tail = blob();
  if (entry.status == EntryStatus::kIssued) entry.certificate = JoinCertificate(intent.tbs, tail);
  entry.failure = text();
  entry.completed_at = integer();
  return entry;
}

Result<std::vector<LedgerEntry>> ReadRows(Statement& query) {
  std::vector<LedgerEntry> entries;
  RK_RETURN_IF_ERROR(query.Start());
  for (;;) {
    RK_TRY(const bool found, query.Next());
    if (!found) return entries;
    entries.push_back(ReadRow(query));
  }
}

// A LIKE pattern for "contains `text`", lower case, with '!' as the escape character.
std::string ContainsPattern(std::string_view text) {
  std::string pattern = "%";
  for (char c : text) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return pattern + "%";
}

}  // namespace

Result<std::optional<LedgerEntry>> EntryReader::ById(std::int64_t id) {
  const MutexLock lock(mutex_);
  RK_TRY(Statement query, database_->Prepare(std::string(kColumns) + "id = :id", {kInteger}, kColumnTypes));
  query.Bind(id);
  RK_TRY(auto entries, ReadRows(query));
  if (entries.empty()) return std::optional<LedgerEntry>();
  return std::optional(std::move(entries.front()));
}

Result<std::vector<LedgerEntry>> EntryReader::List(const LedgerFilter& filter) {
  const MutexLock lock(mutex_);
  const std::size_t limit = std::min(filter.limit, kLedgerPage);
  const std::int64_t newest = filter.before > 0 ? filter.before - 1 : std::numeric_limits<std::int64_t>::max();
  // A serial has an index; everything else is read from the newest backwards.
  if (!filter.serial.empty()) return ListStretch(filter, 0, newest, limit);

  std::vector<LedgerEntry> entries;
  RK_TRY(const std::int64_t last, database_->QueryNumber("SELECT MAX(id) FROM intents"));
  for (std::int64_t up_to = std::min(newest, last); up_to > 0 && entries.size() < limit; up_to -= kStretch) {
    const std::int64_t after = std::max<std::int64_t>(0, up_to - kStretch);
    RK_TRY(auto stretch, ListStretch(filter, after, up_to, limit - entries.size()));
    std::move(stretch.begin(), stretch.end(), std::back_inserter(entries));
  }
  return entries;
}

Result<std::vector<LedgerEntry>> EntryReader::ListStretch(const LedgerFilter& filter, std::int64_t after,
                                                          std::int64_t up_to, std::size_t limit) {
  RK_TRY(
      Statement query,
      database_->Prepare(std::string(kColumns) + (filter.serial.empty() ? "serial <> :serial" : "serial = :serial") +
                             " AND id > :after AND id <= :up_to"
                             " AND (:any_status = 1 OR status = :status)"
                             " AND (:any_request = '' OR request_id = :request_id)"
                             " AND LOWER(sans) LIKE :sans ESCAPE '!'"
                             " ORDER BY id DESC LIMIT :row_limit",
                         {kText, kInteger, kInteger, kInteger, kInteger, kText, kText, kText, kInteger}, kColumnTypes));
  query.Bind(filter.serial, after, up_to, std::int64_t{filter.status ? 0 : 1},
             static_cast<std::int64_t>(filter.status.value_or(EntryStatus::kIssued)), filter.request_id,
             filter.request_id, ContainsPattern(filter.san), static_cast<std::int64_t>(limit));
  return ReadRows(query);
}

Result<std::vector<EntryReader::Recent>> EntryReader::RecentlyIssued(std::size_t limit) {
  const MutexLock lock(mutex_);
  RK_TRY(Statement query, database_->Prepare("SELECT id, caller, csr_sha256, sans, authority, intended_at FROM intents"
                                             " JOIN outcomes ON outcomes.intent_id = intents.id WHERE status = :status"
                                             " ORDER BY intent_id DESC LIMIT :row_limit",
                                             {kInteger, kInteger}, {kInteger, kText, kText, kText, kText, kInteger}));
  query.Bind(static_cast<std::int64_t>(EntryStatus::kIssued), static_cast<std::int64_t>(limit));
  RK_RETURN_IF_ERROR(query.Start());
  std::vector<Recent> recent;
  for (;;) {
    RK_TRY(const bool found, query.Next());
    if (!found) break;
    recent.push_back({query.integer(0),
                      {std::string(query.text(1)), std::string(query.text(2)), std::string(query.text(3)),
                       std::string(query.text(4))},
                      query.integer(5)});
  }
  std::reverse(recent.begin(), recent.end());
  return recent;
}

}  // namespace rootkeep
