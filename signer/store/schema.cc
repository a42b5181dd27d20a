#include "signer/store/schema.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string>

#include "keystore/base/log.h"

namespace rootkeep::store {
namespace {

struct Migration {
  int version;
  const char* name;
  std::span<const char* const> statements;
};

// An outcome is a row of its own, so that writing it neither rewrites nor moves its intent; it keeps only what the
// intent does not already hold. The one secondary index is the uniqueness that is promised; every other costs each
// certificate a page of the log.
constexpr std::array kLedger = {
    "CREATE TABLE issuers ("
    " id {id},"
    " fingerprint TEXT NOT NULL UNIQUE)",

    "CREATE TABLE intents ("
    " id {id},"
    " request_id TEXT NOT NULL,"
    " authority TEXT NOT NULL,"
    " issuer_id BIGINT NOT NULL REFERENCES issuers (id),"
    " serial TEXT NOT NULL,"
    " trust_domain TEXT NOT NULL,"
    " profile TEXT NOT NULL,"
    " caller TEXT NOT NULL,"
    " auth_method TEXT NOT NULL,"
    " authenticator TEXT NOT NULL,"
    " credential_id TEXT NOT NULL,"
    " node TEXT NOT NULL,"
    " peer TEXT NOT NULL,"
    " decision TEXT NOT NULL,"
    " sans TEXT NOT NULL,"
    " csr_sha256 TEXT NOT NULL,"
    " spki_sha256 TEXT NOT NULL,"
    " attestation TEXT NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " intended_at BIGINT NOT NULL,"
    " tbs {blob} NOT NULL,"
    " UNIQUE (serial, issuer_id))",

    // status: 1 issued, 2 failed. tail: the certificate's DER after its to-be-signed part.
    "CREATE TABLE outcomes ("
    " intent_id {key} REFERENCES intents (id),"
    " status BIGINT NOT NULL,"
    " tail {blob},"
    " failure TEXT NOT NULL,"
    " completed_at BIGINT NOT NULL)",

    // One row each time a daemon opens the ledger: its intents begin at first_intent, and the run before it left
    // possibly_issued intents without an outcome.
    "CREATE TABLE ledger_runs ("
    " id {id},"
    " opened_at BIGINT NOT NULL,"
    " first_intent BIGINT NOT NULL,"
    " possibly_issued BIGINT NOT NULL)",

    "CREATE VIEW entries AS SELECT"
    " i.id AS id, request_id, authority, fingerprint, serial, trust_domain, profile, caller, auth_method,"
    " authenticator, credential_id, node, peer, decision, sans, csr_sha256, spki_sha256, attestation, not_before,"
    " not_after, intended_at, tbs, COALESCE(status, 0) AS status, tail, COALESCE(failure, '') AS failure,"
    " COALESCE(completed_at, 0) AS completed_at"
    " FROM intents i LEFT JOIN issuers ON issuers.id = i.issuer_id LEFT JOIN outcomes ON outcomes.intent_id = i.id",
};

// state and status: signer/node/node.h and node_store.h. An EK is bound to one node at most; a node may have lost its
// own.
constexpr std::array kNodes = {
    "CREATE TABLE nodes ("
    " id {id},"
    " node TEXT NOT NULL UNIQUE,"
    " node_group TEXT NOT NULL,"
    " state BIGINT NOT NULL,"
    " reason TEXT NOT NULL,"
    " explanation TEXT NOT NULL,"
    " ek_sha256 TEXT NOT NULL,"
    " ek_origin TEXT NOT NULL,"
    " tpm TEXT NOT NULL,"
    " enrolled_at BIGINT NOT NULL,"
    " state_since BIGINT NOT NULL,"
    " attested_until BIGINT NOT NULL,"
    " ak_name {blob},"
    " clock BIGINT NOT NULL,"
    " reset_count BIGINT NOT NULL,"
    " restart_count BIGINT NOT NULL,"
    " clock_safe BIGINT NOT NULL,"
    " evidence_at BIGINT NOT NULL,"
    " attestation TEXT NOT NULL,"
    " evidence_sha256 TEXT NOT NULL,"
    " pcrs TEXT NOT NULL,"
    " pcr_digest {blob},"
    " generation TEXT NOT NULL,"
    " policy TEXT NOT NULL,"
    " firmware BIGINT NOT NULL)",

    "CREATE UNIQUE INDEX nodes_ek ON nodes (ek_sha256) WHERE ek_sha256 <> ''",

    "CREATE TABLE node_bindings ("
    " id {id},"
    " ek_sha256 TEXT NOT NULL UNIQUE,"
    " node TEXT NOT NULL,"
    " tpm TEXT NOT NULL,"
    " peer TEXT NOT NULL,"
    " asked_at BIGINT NOT NULL,"
    " seen_at BIGINT NOT NULL)",

    "CREATE TABLE node_certificates ("
    " id {id},"
    " node TEXT NOT NULL,"
    " attestation TEXT NOT NULL,"
    " request_id TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " status BIGINT NOT NULL,"
    " asked_at BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL)",

    "CREATE INDEX node_certificates_node ON node_certificates (node)",

    "CREATE TABLE node_events ("
    " id {id},"
    " at BIGINT NOT NULL,"
    " node TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " done_by TEXT NOT NULL)",

    "CREATE INDEX node_events_node ON node_events (node)",
};

// Which attested node carried a call. A view is made anew to show one more column.
constexpr std::array kCarriers = {
    "ALTER TABLE intents ADD COLUMN attested_node TEXT NOT NULL DEFAULT ''",

    "DROP VIEW entries",

    "CREATE VIEW entries AS SELECT"
    " i.id AS id, request_id, authority, fingerprint, serial, trust_domain, profile, caller, auth_method,"
    " authenticator, credential_id, node, attested_node, peer, decision, sans, csr_sha256, spki_sha256, attestation,"
    " not_before, not_after, intended_at, tbs, COALESCE(status, 0) AS status, tail, COALESCE(failure, '') AS failure,"
    " COALESCE(completed_at, 0) AS completed_at"
    " FROM intents i LEFT JOIN issuers ON issuers.id = i.issuer_id LEFT JOIN outcomes ON outcomes.intent_id = i.id",
};

constexpr std::array kBootLogs = {
    // The boot log of a node's last right evidence, and the PCRs that were quoted with it.
    "CREATE TABLE node_boot_logs ("
    " id {id},"
    " node TEXT NOT NULL UNIQUE,"
    " pcrs TEXT NOT NULL,"
    " log {blob} NOT NULL)",
};

// state: signer/bundle/trust_bundle.h. Removed roots stay, so that no bundle file brings them back.
constexpr std::array kTrustBundles = {
    "CREATE TABLE trust_bundles ("
    " id {id},"
    " trust_domain TEXT NOT NULL UNIQUE,"
    " sequence BIGINT NOT NULL,"
    " active_root TEXT NOT NULL)",

    "CREATE TABLE trust_roots ("
    " id {id},"
    " trust_domain TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL,"
    " certificate {blob} NOT NULL,"
    " subject_key_id {blob},"
    " state BIGINT NOT NULL,"
    " vouches_for_clients BIGINT NOT NULL,"
    " added_at BIGINT NOT NULL,"
    " state_since BIGINT NOT NULL,"
    " UNIQUE (trust_domain, fingerprint))",

    "CREATE TABLE trust_jwt_keys ("
    " id {id},"
    " trust_domain TEXT NOT NULL,"
    " key_id TEXT NOT NULL,"
    " public_key {blob} NOT NULL,"
    " expires_at BIGINT NOT NULL,"
    " tainted BIGINT NOT NULL,"
    " published_at BIGINT NOT NULL,"
    " UNIQUE (trust_domain, key_id))",

    // Which issuing certificates of the ledger chain to which root.
    "CREATE TABLE trust_issuers ("
    " id {id},"
    " trust_domain TEXT NOT NULL,"
    " issuer TEXT NOT NULL,"
    " root TEXT NOT NULL,"
    " UNIQUE (trust_domain, issuer, root))",

    // What was done to a bundle, or refused.
    "CREATE TABLE trust_events ("
    " id {id},"
    " at BIGINT NOT NULL,"
    " trust_domain TEXT NOT NULL,"
    " act TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " refusal TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " done_by TEXT NOT NULL)",
};

constexpr std::array kJwtPublishers = {
    "ALTER TABLE trust_jwt_keys ADD COLUMN published_by TEXT NOT NULL DEFAULT ''",
};

// Of the certificates of one issuer and profile that were asked for, when the last ends, so that nobody reads the
// ledger to know it.
constexpr std::array kIssuerEnds = {
    "CREATE TABLE issuer_ends ("
    " id {id},"
    " issuer_id BIGINT NOT NULL REFERENCES issuers (id),"
    " profile TEXT NOT NULL,"
    " last_not_after BIGINT NOT NULL,"
    " UNIQUE (issuer_id, profile))",

    "INSERT INTO issuer_ends (issuer_id, profile, last_not_after)"
    " SELECT issuer_id, profile, MAX(not_after) FROM intents GROUP BY issuer_id, profile",
};

// removed_at: Unix seconds, 0 for a key in the bundle. A removed one stays for as long as any key may live, so that
// nobody publishes it again.
constexpr std::array kRemovedJwtKeys = {
    "ALTER TABLE trust_jwt_keys ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0",
};

constexpr std::array kMigrations = {
    Migration{1, "ledger", kLedger},
    Migration{2, "nodes", kNodes},
    Migration{3, "carriers", kCarriers},
    Migration{4, "boot logs", kBootLogs},
    Migration{5, "trust bundles", kTrustBundles},
    Migration{6, "jwt publishers", kJwtPublishers},
    Migration{7, "issuer ends", kIssuerEnds},
    Migration{8, "removed jwt keys", kRemovedJwtKeys},
};

Result<std::int64_t> CurrentVersion(Database& database) {
  return database.QueryNumber("SELECT COALESCE(MAX(version), 0) FROM migrations");
}

Error Newer(std::int64_t found) {
  return FailedPrecondition(
             fmt::format("database schema has version {}, this program knows up to {}", found, SchemaVersion()))
      .WithReason("schema_newer")
      .WithHint("run the newer program, or restore a backup from before it");
}

Status Apply(Database& database, const Migration& migration, const Clock& clock) {
  for (const char* sql : migration.statements) RK_RETURN_IF_ERROR(database.Execute(sql));
  RK_TRY(Statement record, database.Prepare("INSERT INTO migrations (version, name, applied_at) "
                                            "VALUES (:version, :name, :applied_at)",
                                            {Column::kInteger, Column::kText, Column::kInteger}));
  record.Bind(std::int64_t{migration.version}, std::string_view(migration.name), ToUnixSeconds(clock.Now()));
  return record.Run();
}

Status ApplyAlone(Database& database, const Migration& migration, const Clock& clock) {
  // One that reads a large ledger takes minutes, in which nothing else is to be seen of the daemon.
  log::Info("migration_begins", {{"version", migration.version}, {"name", migration.name}});
  RK_RETURN_IF_ERROR(database.Begin());
  Status applied = Apply(database, migration, clock);
  if (applied.ok()) applied = database.Commit();
  if (applied.ok()) {
    log::Info("migration_ended", {{"version", migration.version}, {"name", migration.name}});
    return applied;
  }
  RK_RETURN_IF_ERROR(database.Rollback());
  return std::move(applied.error()).Within(fmt::format("migration {} ({})", migration.version, migration.name));
}

}  // namespace

int SchemaVersion() { return kMigrations.back().version; }

Status Migrate(Database& database, const Clock& clock) {
  RK_RETURN_IF_ERROR(
      database.Execute("CREATE TABLE IF NOT EXISTS migrations"
                       " (version {key}, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"));
  RK_TRY(const std::int64_t current, CurrentVersion(database));
  if (current > SchemaVersion()) return Newer(current);
  for (const Migration& migration : kMigrations) {
    if (migration.version > current) RK_RETURN_IF_ERROR(ApplyAlone(database, migration, clock));
  }
  return Ok();
}

Status CheckSchema(Database& database) {
  RK_TRY(const std::int64_t current, CurrentVersion(database));
  if (current > SchemaVersion()) return Newer(current);
  if (current < SchemaVersion()) {
    return FailedPrecondition(
               fmt::format("database schema has version {}, this program needs {}", current, SchemaVersion()))
        .WithReason("schema_older")
        .WithHint("start the daemon of this version once");
  }
  return Ok();
}

}  // namespace rootkeep::store
