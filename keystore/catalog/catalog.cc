#include "keystore/catalog/catalog.h"

#include <fmt/format.h>

#include "keystore/catalog/schema.h"
#include "keystore/catalog/sqlite.h"

namespace rootkeep {
namespace {

using catalog::Sqlite;
using catalog::Statement;

std::string Join(const std::vector<std::string>& users) { return fmt::format("{}", fmt::join(users, ",")); }

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> users;
  while (!text.empty()) {
    const auto comma = text.find(',');
    users.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return users;
}

Status CheckUsers(const std::vector<std::string>& users) {
  for (const std::string& user : users) {
    if (user.empty() || user.size() > 64 || user.find_first_of(",\n") != std::string::npos) {
      return InvalidArgument("a permitted user has 1 to 64 characters and no comma");
    }
  }
  return Ok();
}

std::optional<WallTime> Date(const Statement& row, int column) {
  const auto seconds = row.number(column);
  return seconds ? std::optional<WallTime>(FromUnixSeconds(*seconds)) : std::nullopt;
}

Error Damaged(const std::string& label) {
  return Error(Code::kDataLoss, fmt::format("the key catalogue's row \"{}\" cannot be read", label))
      .WithReason("catalog_row");
}

Result<CataloguedKey> ReadKey(const Statement& row, const std::string& label) {
  const auto voucher = row.number(18);
  auto key = PublicKey::FromSpki(row.octets(16));
  if (!key.ok() || !voucher || *voucher < 0 || *voucher > 2) return Damaged(label);
  return CataloguedKey{.id = row.octets(15),
                       .public_key = std::move(*key),
                       .device = {.label = row.text(10),
                                  .serial = row.text(11),
                                  .manufacturer = row.text(12),
                                  .model = row.text(13),
                                  .software = row.integer(14) != 0},
                       .facts = {.sensitive = row.fact(19),
                                 .extractable = row.fact(20),
                                 .always_sensitive = row.fact(21),
                                 .never_extractable = row.fact(22),
                                 .local = row.fact(23),
                                 .modifiable = row.fact(24),
                                 .always_authenticate = row.fact(25),
                                 .other_usages = row.text(26)},
                       .voucher = static_cast<Voucher>(*voucher),
                       .read_at = FromUnixSeconds(row.integer(17))};
}

Result<CatalogEntry> ReadEntry(const Statement& row) {
  const std::string label = row.text(0);
  const auto named = ParseKeyLabel(label);
  const auto type = KeyTypeFromName(row.text(1));
  const auto custody = CustodyLevelFromName(row.text(2));
  const std::int64_t state = row.integer(4);
  if (!named || !type || !custody || state < 0 || state > 4) return Damaged(label);
  CatalogEntry entry{.label = label,
                     .named = *named,
                     .type = *type,
                     .custody = *custody,
                     .users = Split(row.text(3)),
                     .maker = row.text(28),
                     .token = {.label = row.text(10), .serial = row.text(11)},
                     .state = static_cast<KeyState>(state),
                     .created_at = FromUnixSeconds(row.integer(5)),
                     .activated_at = Date(row, 6),
                     .retired_at = Date(row, 7),
                     .missing_at = Date(row, 8),
                     .destroy_ordered_at = Date(row, 27),
                     .destroyed_at = Date(row, 9),
                     .used_at = Date(row, 29),
                     .key = std::nullopt};
  if (entry.state != KeyState::kPending) {
    RK_TRY(entry.key, ReadKey(row, label));
  }
  return entry;
}

}  // namespace

Catalog::Catalog(Sqlite db, std::string columns)
    : db_(std::make_unique<Sqlite>(std::move(db))), columns_(std::move(columns)) {}
Catalog::~Catalog() = default;

Result<std::unique_ptr<Catalog>> Catalog::Open(const std::string& path) {
  RK_TRY(Sqlite db, Sqlite::Open(path, Sqlite::Access::kMake));
  RK_RETURN_IF_ERROR(catalog::BringUpToDate(db));
  return std::unique_ptr<Catalog>(new Catalog(std::move(db), catalog::ColumnsOf(catalog::kSchemaVersion)));
}

Result<std::unique_ptr<Catalog>> Catalog::OpenExisting(const std::string& path) {
  RK_TRY(Sqlite db, Sqlite::Open(path, Sqlite::Access::kWrite));
  RK_TRY(const std::int64_t version, catalog::VersionOf(db));
  if (version == 0) return NotFound(path + " holds no key catalogue yet");
  RK_RETURN_IF_ERROR(catalog::BringUpToDate(db));
  return std::unique_ptr<Catalog>(new Catalog(std::move(db), catalog::ColumnsOf(catalog::kSchemaVersion)));
}

Result<std::unique_ptr<Catalog>> Catalog::Look(const std::string& path) {
  RK_TRY(Sqlite db, Sqlite::Open(path, Sqlite::Access::kRead));
  RK_TRY(const std::int64_t version, catalog::VersionOf(db));
  if (version == 0) return NotFound(path + " holds no key catalogue yet");
  return std::unique_ptr<Catalog>(new Catalog(std::move(db), catalog::ColumnsOf(version)));
}

Result<bool> Catalog::Replaced() const {
  const MutexLock lock(mutex_);
  return db_->HasMoved();
}

Result<std::int64_t> Catalog::OthersChanges() const {
  const MutexLock lock(mutex_);
  Statement query = db_->Prepare("PRAGMA data_version");
  RK_RETURN_IF_ERROR(query.Next());
  return query.integer(0);
}

Result<std::vector<CatalogEntry>> Catalog::Query(const std::string& where, const std::string* label) const {
  Statement query = db_->Prepare(fmt::format("SELECT {} FROM keys {} ORDER BY label", columns_, where));
  if (label != nullptr) query.Bind(std::string_view(*label));
  std::vector<CatalogEntry> entries;
  while (true) {
    RK_TRY(const bool found, query.Next());
    if (!found) return entries;
    RK_TRY(CatalogEntry entry, ReadEntry(query));
    entries.push_back(std::move(entry));
  }
}

Result<std::vector<CatalogEntry>> Catalog::List() const {
  const MutexLock lock(mutex_);
  return Query("", nullptr);
}

Result<std::optional<CatalogEntry>> Catalog::Find(const std::string& label) const {
  const MutexLock lock(mutex_);
  RK_TRY(std::vector<CatalogEntry> entries, Query("WHERE label = ?", &label));
  if (entries.empty()) return std::optional<CatalogEntry>();
  return std::optional<CatalogEntry>(std::move(entries.front()));
}

Error Catalog::WrongState(const std::string& label) const {
  auto entries = Query("WHERE label = ?", &label);
  if (!entries.ok()) return std::move(entries.error());
  if (entries->empty()) return NotFound(fmt::format("the key catalogue has no \"{}\"", label));
  return FailedPrecondition(
             fmt::format("key \"{}\" is {} in the catalogue", label, KeyStateName(entries->front().state)))
      .WithReason("key_state");
}

Status Catalog::Intend(const KeySpec& spec, const TokenName& token, const std::vector<std::string>& users, WallTime now,
                       std::string_view maker) {
  RK_TRY(const std::string label, KeyLabel(spec));
  RK_RETURN_IF_ERROR(CheckUsers(users));
  const MutexLock lock(mutex_);
  Statement insert = db_->Prepare(
      "INSERT INTO keys (label, type, custody, users, state, created_at, token_label, token_serial, maker)"
      " VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)");
  insert.Bind(std::string_view(label)).Bind(KeyTypeName(spec.type)).Bind(CustodyLevelName(spec.custody));
  insert.Bind(std::string_view(Join(users))).Bind(ToUnixSeconds(now));
  insert.Bind(std::string_view(token.label)).Bind(std::string_view(token.serial)).Bind(maker);
  auto done = insert.Run();
  if (done.ok()) return Ok();
  if (done.error().code() != Code::kAlreadyExists) return std::move(done.error());
  return WrongState(label).WithCode(Code::kAlreadyExists);
}

Status Catalog::Activate(const KeyInfo& key, WallTime read_at) {
  const MutexLock lock(mutex_);
  Statement update = db_->Prepare(
      "UPDATE keys SET state = 1, activated_at = ?, read_at = ?, token_label = ?, token_serial = ?,"
      " token_manufacturer = ?, token_model = ?, token_software = ?, id = ?, spki = ?, voucher = ?, sensitive = ?,"
      " extractable = ?, always_sensitive = ?, never_extractable = ?, local = ?, modifiable = ?,"
      " always_authenticate = ?, other_usages = ? WHERE label = ? AND type = ? AND state = 0");
  update.Bind(ToUnixSeconds(read_at)).Bind(ToUnixSeconds(read_at));
  const DeviceInfo& device = key.device;
  update.Bind(std::string_view(device.label)).Bind(std::string_view(device.serial));
  update.Bind(std::string_view(device.manufacturer)).Bind(std::string_view(device.model));
  update.Bind(std::int64_t{device.software ? 1 : 0});
  update.Bind(ByteView(key.id)).Bind(ByteView(key.public_key.spki()));
  update.Bind(static_cast<std::int64_t>(key.voucher));
  const CustodyFacts& facts = key.custody;
  for (const auto& fact : {facts.sensitive, facts.extractable, facts.always_sensitive, facts.never_extractable,
                           facts.local, facts.modifiable, facts.always_authenticate}) {
    update.Bind(fact);
  }
  update.Bind(std::string_view(facts.other_usages)).Bind(std::string_view(key.label));
  update.Bind(KeyTypeName(key.public_key.type()));
  RK_TRY(const int changed, update.Run());
  if (changed == 1) return Ok();
  Error why = WrongState(key.label);
  if (why.reason() != "key_state" || why.message().find("PENDING") == std::string::npos) return why;
  return Error(Code::kDataLoss, fmt::format("key \"{}\" is of type {}, which is not the one asked for", key.label,
                                            KeyTypeName(key.public_key.type())))
      .WithReason("key_type");
}

Status Catalog::Withdraw(const std::string& label) {
  const MutexLock lock(mutex_);
  Statement remove = db_->Prepare("DELETE FROM keys WHERE label = ? AND state = 0");
  remove.Bind(std::string_view(label));
  RK_TRY(const int changed, remove.Run());
  if (changed == 1) return Ok();
  return WrongState(label);
}

Status Catalog::Change(const std::string& label, const std::string& set, const std::string& from,
                       std::optional<WallTime> now) {
  const MutexLock lock(mutex_);
  Statement update = db_->Prepare(fmt::format("UPDATE keys SET {} WHERE label = ? AND {}", set, from));
  if (now) update.Bind(ToUnixSeconds(*now));
  update.Bind(std::string_view(label));
  RK_TRY(const int changed, update.Run());
  if (changed == 1) return Ok();
  return WrongState(label);
}

Status Catalog::Retire(const std::string& label, WallTime now) {
  return Change(label, "retired_at = ?, state = CASE state WHEN 3 THEN 3 ELSE 2 END",
                "state IN (1, 3) AND retired_at IS NULL", now);
}

Status Catalog::MarkMissing(const std::string& label, WallTime now) {
  return Change(label, "state = 3, missing_at = ?", "state IN (1, 2) AND destroy_ordered_at IS NULL", now);
}

Status Catalog::MarkFound(const std::string& label) {
  return Change(label, "state = CASE WHEN retired_at IS NULL THEN 1 ELSE 2 END", "state = 3", std::nullopt);
}

Status Catalog::OrderDestruction(const std::string& label, WallTime now) {
  return Change(label, "destroy_ordered_at = ?",
                "state IN (2, 3) AND retired_at IS NOT NULL AND destroy_ordered_at IS NULL", now);
}

Status Catalog::MarkDestroyed(const std::string& label, WallTime now) {
  return Change(label, "state = 4, destroyed_at = ?", "state IN (2, 3) AND destroy_ordered_at IS NOT NULL", now);
}

Status Catalog::MarkUsed(const std::string& label, WallTime now) {
  return Change(label, "used_at = coalesce(used_at, ?)", "state != 0", now);
}

Status Catalog::Forget(const std::string& label) {
  const MutexLock lock(mutex_);
  Statement remove = db_->Prepare("DELETE FROM keys WHERE label = ? AND state = 4 AND maker != ''");
  remove.Bind(std::string_view(label));
  RK_TRY(const int changed, remove.Run());
  if (changed == 1) return Ok();
  return WrongState(label);
}

Status Catalog::Permit(const std::string& label, const std::vector<std::string>& users) {
  RK_RETURN_IF_ERROR(CheckUsers(users));
  const MutexLock lock(mutex_);
  Statement update = db_->Prepare("UPDATE keys SET users = ? WHERE label = ? AND state != 4");
  update.Bind(std::string_view(Join(users))).Bind(std::string_view(label));
  RK_TRY(const int changed, update.Run());
  if (changed == 1) return Ok();
  return WrongState(label);
}

}  // namespace rootkeep
