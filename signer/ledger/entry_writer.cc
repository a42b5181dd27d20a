#include "signer/ledger/entry_writer.h"

#include <string_view>
#include <utility>

#include "signer/store/execute.h"

namespace rootkeep {
namespace {

using store::Column;
using store::Statement;

// ON CONFLICT instead of an error, which in some databases would void the whole transaction.
constexpr const char* kInsertIntent =
    "INSERT INTO intents (request_id, authority, issuer_id, serial, trust_domain, profile, caller, auth_method,"
    " authenticator, credential_id, node, attested_node, peer, decision, sans, csr_sha256, spki_sha256, attestation,"
    " not_before, not_after, intended_at, tbs) VALUES (:request_id, :authority, :issuer_id, :serial, :trust_domain, "
    ":profile,"
    " :caller, :auth_method, :authenticator, :credential_id, :node, :attested_node, :peer, :decision, :sans,"
    " :csr_sha256, :spki_sha256, :attestation, :not_before, :not_after, :intended_at, :tbs)"
    " ON CONFLICT (serial, issuer_id) DO NOTHING";

constexpr const char* kInsertOutcome =
    "INSERT INTO outcomes (intent_id, status, tail, failure, completed_at)"
    " VALUES (:intent_id, :status, :tail, :failure, :completed_at) ON CONFLICT (intent_id) DO NOTHING";

}  // namespace

Result<std::unique_ptr<EntryWriter>> EntryWriter::Prepare(store::Database& database) {
  using enum Column;
  RK_TRY(Statement intent,
         database.Prepare(kInsertIntent,
                          {kText, kText, kInteger, kText, kText, kText, kText, kText,    kText,    kText,    kText,
                           kText, kText, kText,    kText, kText, kText, kText, kInteger, kInteger, kInteger, kBlob}));
  RK_TRY(Statement outcome, database.Prepare(kInsertOutcome, {kInteger, kInteger, kBlob, kText, kInteger}));
  return std::unique_ptr<EntryWriter>(new EntryWriter(database, std::move(intent), std::move(outcome)));
}

Result<std::int64_t> EntryWriter::Insert(const Intent& intent) {
  RK_TRY(Issuer* const issuer, IssuerOf(intent.issuer));
  insert_intent_.Bind(intent.request_id, intent.authority, issuer->id, intent.serial, intent.trust_domain,
                      intent.profile, intent.caller, intent.auth_method, intent.authenticator, intent.credential_id,
                      intent.node, intent.attested_node, intent.peer, intent.decision, intent.sans, intent.csr_sha256,
                      intent.spki_sha256, intent.attestation, intent.not_before, intent.not_after, intent.intended_at,
                      ByteView(intent.tbs));
  RK_RETURN_IF_ERROR(insert_intent_.Run());
  if (insert_intent_.affected_rows() == 0) {
    return AlreadyExists("serial " + intent.serial + " of this issuer is already in the ledger")
        .WithReason("duplicate_serial");
  }
  RK_TRY(const std::int64_t id, database_.LastInsertId("intents"));
  RK_RETURN_IF_ERROR(NoteEnd(*issuer, intent));
  return id;
}

Status EntryWriter::Insert(const Outcome& outcome) {
  insert_outcome_.Bind(outcome.intent_id, static_cast<std::int64_t>(outcome.status), ByteView(outcome.tail),
                       outcome.failure, outcome.completed_at);
  return insert_outcome_.Run();
}

Result<EntryWriter::Issuer*> EntryWriter::IssuerOf(const std::string& fingerprint) {
  const auto known = issuers_.find(fingerprint);
  if (known != issuers_.end()) return &known->second;
  RK_TRY(Issuer issuer, FindOrAddIssuer(fingerprint));
  return &issuers_.emplace(fingerprint, std::move(issuer)).first->second;
}

Status EntryWriter::NoteEnd(Issuer& issuer, const Intent& intent) {
  std::int64_t& end = issuer.ends[intent.profile];
  if (intent.not_after <= end) return Ok();
  RK_RETURN_IF_ERROR(store::Execute(database_,
                                    "INSERT INTO issuer_ends (issuer_id, profile, last_not_after)"
                                    " VALUES (:issuer_id, :profile, :not_after) ON CONFLICT (issuer_id, profile)"
                                    " DO UPDATE SET last_not_after = excluded.last_not_after"
                                    " WHERE excluded.last_not_after > issuer_ends.last_not_after",
                                    issuer.id, std::string_view(intent.profile), intent.not_after));
  end = intent.not_after;
  return Ok();
}

Result<std::map<std::string, std::int64_t>> EntryWriter::FindEnds(std::int64_t issuer_id) {
  RK_TRY(Statement query,
         database_.Prepare("SELECT profile, last_not_after FROM issuer_ends WHERE issuer_id = :issuer_id",
                           {Column::kInteger}, {Column::kText, Column::kInteger}));
  query.Bind(issuer_id);
  RK_TRY(const auto rows, store::ReadAll(query, [](const Statement& row) {
           return std::pair(std::string(row.text(0)), row.integer(1));
         }));
  return std::map<std::string, std::int64_t>(rows.begin(), rows.end());
}

Result<EntryWriter::Issuer> EntryWriter::FindOrAddIssuer(const std::string& fingerprint) {
  RK_TRY(Statement add, database_.Prepare("INSERT INTO issuers (fingerprint) VALUES (:fingerprint)"
                                          " ON CONFLICT (fingerprint) DO NOTHING",
                                          {Column::kText}));
  add.Bind(fingerprint);
  RK_RETURN_IF_ERROR(add.Run());
  RK_TRY(Statement find, database_.Prepare("SELECT id FROM issuers WHERE fingerprint = :fingerprint", {Column::kText},
                                           {Column::kInteger}));
  find.Bind(fingerprint);
  RK_RETURN_IF_ERROR(find.Start());
  RK_TRY(const bool found, find.Next());
  if (!found) return Internal("issuer vanished between two statements of one transaction");
  const std::int64_t id = find.integer(0);
  RK_TRY(auto ends, FindEnds(id));
  return Issuer{.id = id, .ends = std::move(ends)};
}

}  // namespace rootkeep
