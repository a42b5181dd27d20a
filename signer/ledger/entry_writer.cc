#include "signer/ledger/entry_writer.h"

#include <utility>

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
  RK_TRY(const std::int64_t issuer_id, IssuerId(intent.issuer));
  insert_intent_.Bind(intent.request_id, intent.authority, issuer_id, intent.serial, intent.trust_domain,
                      intent.profile, intent.caller, intent.auth_method, intent.authenticator, intent.credential_id,
                      intent.node, intent.attested_node, intent.peer, intent.decision, intent.sans, intent.csr_sha256,
                      intent.spki_sha256, intent.attestation, intent.not_before, intent.not_after, intent.intended_at,
                      ByteView(intent.tbs));
  RK_RETURN_IF_ERROR(insert_intent_.Run());
  if (insert_intent_.affected_rows() == 0) {
    return AlreadyExists("serial " + intent.serial + " of this issuer is already in the ledger")
        .WithReason("duplicate_serial");
  }
  return database_.LastInsertId("intents");
}

Status EntryWriter::Insert(const Outcome& outcome) {
  insert_outcome_.Bind(outcome.intent_id, static_cast<std::int64_t>(outcome.status), ByteView(outcome.tail),
                       outcome.failure, outcome.completed_at);
  return insert_outcome_.Run();
}

Result<std::int64_t> EntryWriter::IssuerId(const std::string& fingerprint) {
  const auto known = issuer_ids_.find(fingerprint);
  if (known != issuer_ids_.end()) return known->second;
  RK_TRY(const std::int64_t id, FindOrAddIssuer(fingerprint));
  issuer_ids_.emplace(fingerprint, id);
  return id;
}

Result<std::int64_t> EntryWriter::FindOrAddIssuer(const std::string& fingerprint) {
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
  return find.integer(0);
}

}  // namespace rootkeep
