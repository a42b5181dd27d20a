#include "signer/bundle/bundle_rows.h"

#include <utility>

#include "signer/bundle/jwt_key.h"
#include "signer/store/execute.h"

namespace rootkeep::bundle_rows {
namespace {

using store::Column;
using store::Database;
using store::Execute;
using store::ReadAll;
using store::Statement;
using enum Column;

struct Head {
  std::uint64_t sequence = 0;
  std::string active_root;
};

Result<Head> SelectHead(Database& database, std::string_view trust_domain) {
  RK_TRY(Statement query, database.Prepare("SELECT sequence, active_root FROM trust_bundles WHERE trust_domain = :td",
                                           {kText}, {kInteger, kText}));
  query.Bind(trust_domain);
  RK_TRY(auto found, ReadAll(query, [](const Statement& row) {
           return Head{static_cast<std::uint64_t>(row.integer(0)), std::string(row.text(1))};
         }));
  return found.empty() ? Head() : std::move(found.front());
}

}  // namespace

Result<std::map<std::string, TrustBundle, std::less<>>> SelectBundles(Database& database) {
  RK_TRY(Statement query, database.Prepare("SELECT trust_domain FROM trust_bundles", {}, {kText}));
  RK_TRY(const auto names, ReadAll(query, [](const Statement& row) { return std::string(row.text(0)); }));
  std::map<std::string, TrustBundle, std::less<>> bundles;
  for (const std::string& name : names) {
    RK_TRY(bundles[name], SelectBundle(database, name));
  }
  return bundles;
}

Result<TrustBundle> SelectBundle(Database& database, std::string_view trust_domain) {
  TrustBundle bundle{.trust_domain = std::string(trust_domain)};
  RK_TRY(const Head head, SelectHead(database, trust_domain));
  bundle.sequence = head.sequence;
  RK_TRY(auto records, SelectRoots(database, trust_domain));
  for (RootRecord& record : records) {
    if (record.state != RootState::kRemoved) bundle.roots.push_back(std::move(record.root));
  }
  RK_TRY(auto keys, SelectJwtKeys(database, trust_domain));
  for (JwtKeyRecord& record : keys) {
    if (record.removed_at == 0) bundle.jwt_keys.push_back(std::move(record.key));
  }
  return bundle;
}

Result<std::vector<RootRecord>> SelectRoots(Database& database, std::string_view trust_domain) {
  RK_TRY(const Head head, SelectHead(database, trust_domain));
  RK_TRY(Statement query,
         database.Prepare("SELECT fingerprint, certificate, subject_key_id, state, vouches_for_clients, added_at,"
                          " state_since FROM trust_roots WHERE trust_domain = :td ORDER BY id",
                          {kText}, {kText, kBlob, kBlob, kInteger, kInteger, kInteger, kInteger}));
  query.Bind(trust_domain);
  return ReadAll(query, [&](const Statement& row) {
    RootRecord record;
    record.root.fingerprint = row.text(0);
    record.root.certificate = row.blob(1);
    record.root.subject_key_id = row.blob(2);
    record.state = static_cast<RootState>(row.integer(3));
    record.root.tainted = record.state == RootState::kTainted;
    record.root.active = record.root.fingerprint == head.active_root;
    record.root.vouches_for_clients = row.integer(4) != 0;
    record.added_at = row.integer(5);
    record.state_since = row.integer(6);
    return record;
  });
}

Result<std::vector<JwtKeyRecord>> SelectJwtKeys(Database& database, std::string_view trust_domain) {
  RK_TRY(Statement query, database.Prepare("SELECT key_id, public_key, expires_at, tainted, published_at, published_by,"
                                           " removed_at FROM trust_jwt_keys WHERE trust_domain = :td ORDER BY id",
                                           {kText}, {kText, kBlob, kInteger, kInteger, kInteger, kText, kInteger}));
  query.Bind(trust_domain);
  return ReadAll(query, [](const Statement& row) {
    return JwtKeyRecord{.key = {.key_id = std::string(row.text(0)),
                                .public_key = row.blob(1),
                                .expires_at = row.integer(2),
                                .tainted = row.integer(3) != 0},
                        .published_at = row.integer(4),
                        .published_by = std::string(row.text(5)),
                        .removed_at = row.integer(6)};
  });
}

Result<std::vector<BundleEvent>> SelectEvents(Database& database, std::string_view trust_domain, std::size_t limit) {
  RK_TRY(Statement query, database.Prepare("SELECT at, trust_domain, act, subject, refusal, detail, done_by"
                                           " FROM trust_events WHERE trust_domain = :td ORDER BY id DESC"
                                           " LIMIT :row_limit",
                                           {kText, kInteger}, {kInteger, kText, kText, kText, kText, kText, kText}));
  query.Bind(trust_domain, static_cast<std::int64_t>(limit));
  return ReadAll(query, [](const Statement& row) {
    return BundleEvent{.at = row.integer(0),
                       .trust_domain = std::string(row.text(1)),
                       .act = std::string(row.text(2)),
                       .subject = std::string(row.text(3)),
                       .refusal = std::string(row.text(4)),
                       .detail = std::string(row.text(5)),
                       .by = std::string(row.text(6))};
  });
}

Status PutBundle(Database& database, const TrustBundle& bundle) {
  std::string active;
  for (const BundleRoot& root : bundle.roots) {
    if (root.active) active = root.fingerprint;
  }
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO trust_bundles (trust_domain, sequence, active_root)"
                             " VALUES (:td, :sequence, :active) ON CONFLICT (trust_domain)"
                             " DO UPDATE SET sequence = excluded.sequence, active_root = excluded.active_root",
                             std::string_view(bundle.trust_domain), static_cast<std::int64_t>(bundle.sequence),
                             std::string_view(active)));
  return Ok();
}

Status InsertRoot(Database& database, std::string_view trust_domain, const RootRecord& record) {
  const BundleRoot& root = record.root;
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO trust_roots (trust_domain, fingerprint, certificate, subject_key_id, state,"
                             " vouches_for_clients, added_at, state_since) VALUES (:td, :fingerprint, :certificate,"
                             " :subject_key_id, :state, :clients, :added_at, :state_since)",
                             trust_domain, std::string_view(root.fingerprint), ByteView(root.certificate),
                             ByteView(root.subject_key_id), static_cast<std::int64_t>(record.state),
                             std::int64_t{root.vouches_for_clients ? 1 : 0}, record.added_at, record.state_since));
  return Ok();
}

Status UpdateRoot(Database& database, std::string_view trust_domain, const RootRecord& record) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "UPDATE trust_roots SET state = :state, vouches_for_clients = :clients,"
                             " state_since = :state_since WHERE trust_domain = :td AND fingerprint = :fingerprint",
                             static_cast<std::int64_t>(record.state),
                             std::int64_t{record.root.vouches_for_clients ? 1 : 0}, record.state_since, trust_domain,
                             std::string_view(record.root.fingerprint)));
  return Ok();
}

Status InsertJwtKey(Database& database, std::string_view trust_domain, const JwtKeyRecord& record) {
  const JwtKey& key = record.key;
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO trust_jwt_keys (trust_domain, key_id, public_key, expires_at, tainted,"
                             " published_at, published_by) VALUES (:td, :key_id, :public_key, :expires_at, :tainted,"
                             " :published_at, :published_by)",
                             trust_domain, std::string_view(key.key_id), ByteView(key.public_key), key.expires_at,
                             std::int64_t{key.tainted ? 1 : 0}, record.published_at,
                             std::string_view(record.published_by)));
  return Ok();
}

Status MarkJwtKeyRemoved(Database& database, std::string_view trust_domain, ByteView public_key, std::int64_t now) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "UPDATE trust_jwt_keys SET removed_at = :now WHERE trust_domain = :td"
                             " AND public_key = :public_key AND removed_at = 0",
                             now, trust_domain, public_key));
  return Ok();
}

Result<std::size_t> CountJwtKeys(Database& database, std::string_view trust_domain, std::string_view by) {
  RK_TRY(Statement query, database.Prepare("SELECT COUNT(*) FROM trust_jwt_keys WHERE trust_domain = :td"
                                           " AND published_by = :published_by AND removed_at = 0",
                                           {kText, kText}, {kInteger}));
  query.Bind(trust_domain, by);
  RK_TRY(const auto counts, ReadAll(query, [](const Statement& row) { return row.integer(0); }));
  return counts.empty() ? 0 : static_cast<std::size_t>(counts.front());
}

Result<std::int64_t> DeleteExpiredJwtKeys(Database& database, std::string_view trust_domain, std::int64_t now) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "DELETE FROM trust_jwt_keys WHERE trust_domain = :td AND removed_at > 0"
                             " AND removed_at <= :removed_by",
                             trust_domain, now - std::chrono::seconds(kLongestJwtKey).count()));
  return Execute(database,
                 "DELETE FROM trust_jwt_keys WHERE trust_domain = :td AND removed_at = 0 AND expires_at > 0"
                 " AND expires_at <= :now",
                 trust_domain, now);
}

Status InsertIssuer(Database& database, std::string_view trust_domain, std::string_view issuer, std::string_view root) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO trust_issuers (trust_domain, issuer, root) VALUES (:td, :issuer, :root)"
                             " ON CONFLICT (trust_domain, issuer, root) DO NOTHING",
                             trust_domain, issuer, root));
  return Ok();
}

Result<bool> HasIssuers(Database& database, std::string_view trust_domain, std::string_view root) {
  RK_TRY(Statement query, database.Prepare("SELECT id FROM trust_issuers WHERE trust_domain = :td AND root = :root",
                                           {kText, kText}, {kInteger}));
  query.Bind(trust_domain, root);
  RK_RETURN_IF_ERROR(query.Start());
  return query.Next();
}

Status InsertEvent(Database& database, const BundleEvent& event) {
  RK_RETURN_IF_ERROR(Execute(database,
                             "INSERT INTO trust_events (at, trust_domain, act, subject, refusal, detail, done_by)"
                             " VALUES (:at, :td, :act, :subject, :refusal, :detail, :done_by)",
                             event.at, std::string_view(event.trust_domain), std::string_view(event.act),
                             std::string_view(event.subject), std::string_view(event.refusal),
                             std::string_view(event.detail), std::string_view(event.by)));
  RK_TRY(const std::int64_t newest, database.LastInsertId("trust_events"));
  RK_RETURN_IF_ERROR(Execute(database, "DELETE FROM trust_events WHERE id <= :oldest", newest - kMostEvents));
  return Ok();
}

}  // namespace rootkeep::bundle_rows
