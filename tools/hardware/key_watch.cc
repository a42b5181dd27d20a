#include "tools/hardware/key_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "keystore/base/log.h"
#include "keystore/catalog/permission.h"

namespace rootkeep {
namespace {

constexpr std::chrono::seconds kLookDeadline{2};
// A key that somebody destroyed while its token stayed is noticed this late...
constexpr std::chrono::seconds kBetweenLooks{10};
// ...and one that was missing is seen again this late.
constexpr std::chrono::seconds kBetweenLooksForMissing{1};

// No creation or destruction takes longer: one that has not ended by then was interrupted.
constexpr std::chrono::minutes kLongestChange{1};

constexpr std::array<KeyState, 5> kStates{KeyState::kPending, KeyState::kActive, KeyState::kRetired, KeyState::kMissing,
                                          KeyState::kDestroyed};

bool IsGone(Finding finding) { return finding == Finding::kMissing || finding == Finding::kAnotherKey; }

// Whether somebody may be making or destroying the key now.
bool MayBeUnderWay(const Compared& row, WallTime now) {
  switch (row.finding) {
    case Finding::kPendingNoKey:
    case Finding::kPendingKey: return now - row.entry->created_at < kLongestChange;
    case Finding::kDestroyBegun:
    case Finding::kDestroyDone: return now - *row.entry->destroy_ordered_at < kLongestChange;
    default: return false;
  }
}

struct Event {
  std::string_view name;
  bool alarm = false;  // an error in the log, and told by /readyz
};

Event EventOf(Finding finding) {
  switch (finding) {
    case Finding::kAsCatalogued:
    case Finding::kReturned: return {"key_as_catalogued"};
    case Finding::kUncatalogued: return {"key_uncatalogued"};
    case Finding::kPendingNoKey:
    case Finding::kPendingKey:
    case Finding::kDestroyBegun:
    case Finding::kDestroyDone: return {"key_unfinished"};
    case Finding::kMissing: return {"key_missing", true};
    case Finding::kAnotherKey: return {"key_replaced", true};
    case Finding::kFactsChanged: return {"key_facts_changed", true};
    case Finding::kNotDestroyed: return {"key_not_destroyed", true};
  }
  return {"key_unfinished"};
}

void LogFinding(const std::string& token, const std::string& label, Finding finding, bool was_gone) {
  const Event event = EventOf(finding);
  if (event.name == "key_as_catalogued") {
    log::Info(was_gone ? "key_returned" : event.name, {{"key", label}, {"token", token}});
  } else if (event.alarm) {
    log::Failure(event.name, {{"key", label}, {"token", token}, {"detail", FindingText(finding)}});
  } else {
    log::Warning(event.name, {{"key", label}, {"token", token}, {"detail", FindingText(finding)}});
  }
}

std::string LabelOf(const Compared& row) { return row.entry ? row.entry->label : row.key->label; }

}  // namespace

Status KeyWatch::Start() {
  RK_RETURN_IF_ERROR(Read());
  ReportReadable(Ok());
  if (rows_.catalog() == nullptr) {
    log::Warning("key_catalogue_absent",
                 {{"detail", "keys are used without a record of their state: rootkeep key adopt begins one"}});
  }
  return Ok();
}

Status KeyWatch::Read() {
  const Catalog* const before = rows_.catalog();
  const std::uint64_t version = rows_.version();
  RK_RETURN_IF_ERROR(rows_.Refresh());
  if (before != nullptr && rows_.catalog() != before) log::Warning("key_catalogue_replaced", {{"path", parts_.path}});
  if (rows_.version() != version) next_look_.clear();
  return Ok();
}

Status KeyWatch::Check(const KeyInfo& key) const {
  Status permitted = CheckPermitted(entries(), key, {.use = KeyUse::kRootkeepCa, .user = kUserDaemon});
  if (permitted.ok() || permitted.error().reason() == "key_uncatalogued") return Ok();
  return permitted;
}

std::string KeyWatch::Trouble(const KeyInfo& key) const {
  for (const auto& [token, keys] : seen_) {
    const auto found = keys.find(key.label);
    if (found == keys.end() || !IsGone(found->second.finding)) continue;
    if (found->second.fingerprint != key.public_key.fingerprint()) continue;
    return fmt::format("key \"{}\" is MISSING: {}", key.label, FindingText(found->second.finding));
  }
  return offered_.Trouble(key);
}

std::string_view KeyWatch::StateOf(const KeyInfo& key) const {
  const auto found = std::ranges::find(entries(), key.label, &CatalogEntry::label);
  return found == entries().end() ? "none" : KeyStateName(found->state);
}

bool KeyWatch::Refresh() {
  const Status read = Read();
  ReportReadable(read);
  return read.ok();
}

void KeyWatch::Round() {
  offered_.Round();
  if (!Refresh() || rows_.catalog() == nullptr) return;
  for (const config::Token& token : parts_.tokens) {
    if (!parts_.hardware.Up(token.name)) {
      next_look_.erase(token.name);
      continue;
    }
    const auto next = next_look_.find(token.name);
    if (next == next_look_.end() || std::chrono::steady_clock::now() >= next->second) Look(token);
  }
}

void KeyWatch::Look(const config::Token& token) {
  // As the configuration names it: when another token comes under that name, the keys that should be in it are missing.
  const TokenName name{.label = token.label, .serial = token.serial};
  next_look_[token.name] = After(kBetweenLooksForMissing);
  const auto keys = parts_.hardware.Token(token.name).List(After(kLookDeadline));
  if (!keys.ok()) return ReportLook(token.name, keys.error().ToString());
  // Rows that were read before the keys, as a sweep demands.
  std::vector<Compared> compared = Compare(entries(), *keys, name);
  const Status marked = Mark(*rows_.catalog(), compared, parts_.clock.Now());
  if (!marked.ok() && marked.error().reason() == "key_state") {
    next_look_.erase(token.name);  // an operator changed a row meanwhile: what was found is about no row any more
    return;
  }
  // What was found is told also where it cannot be written down.
  ReportLook(token.name, marked.ok() ? "" : marked.error().ToString());
  rows_.Reread();
  const bool gone = std::ranges::any_of(compared, [](const Compared& row) { return IsGone(row.finding); });
  if (marked.ok() && !gone) next_look_[token.name] = After(kBetweenLooks);
  Tell(token.name, compared);
  Count(token.name, compared);
}

void KeyWatch::ReportLook(const std::string& token, const std::string& failure) {
  std::string& before = look_failures_[token];
  if (!failure.empty() && failure != before) log::Warning("key_look_failed", {{"token", token}, {"detail", failure}});
  before = failure;
}

void KeyWatch::Tell(const std::string& token, const std::vector<Compared>& compared) {
  SeenKeys now;
  for (const Compared& row : compared) {
    // Keys that nobody made through us, and a stranger under the label of a key of ours, are in its own row's finding.
    if (!row.entry && (!row.key->named || now.contains(LabelOf(row)))) continue;
    const bool under_way = MayBeUnderWay(row, parts_.clock.Now());
    Seen seen{.finding = under_way ? Finding::kAsCatalogued : row.finding, .fingerprint = {}};
    if (row.entry && row.entry->key) seen.fingerprint = row.entry->key->public_key.fingerprint();
    now[LabelOf(row)] = std::move(seen);
  }
  const SeenKeys& before = seen_[token];
  for (const auto& [label, seen] : now) {
    const auto earlier = before.find(label);
    const Finding was = earlier == before.end() ? Finding::kAsCatalogued : earlier->second.finding;
    const bool returned = earlier == before.end() && seen.finding == Finding::kReturned;  // while no daemon ran
    if (returned || EventOf(was).name != EventOf(seen.finding).name) {
      LogFinding(token, label, seen.finding, returned || IsGone(was));
    }
    const std::string component = fmt::format("key {}", label);
    if (EventOf(seen.finding).alarm) {
      parts_.reports.Warn(component, std::string(FindingText(seen.finding)));
    } else {
      parts_.reports.Remove(component);
    }
  }
  seen_[token] = std::move(now);
}

void KeyWatch::Count(const std::string& token, const std::vector<Compared>& compared) {
  std::map<std::string_view, std::size_t> counts;
  for (const Compared& row : compared) {
    ++counts[row.entry ? KeyStateName(row.entry->state) : std::string_view("UNCATALOGUED")];
  }
  for (const KeyState state : kStates) parts_.reports.SetKeys(token, KeyStateName(state), counts[KeyStateName(state)]);
  parts_.reports.SetKeys(token, "UNCATALOGUED", counts["UNCATALOGUED"]);
}

void KeyWatch::ReportReadable(const Status& status) {
  parts_.reports.SetKeyCatalogueReadable(status.ok());
  if (status.ok()) {
    if (!readable_) log::Info("key_catalogue_readable");
    parts_.reports.Remove("key catalogue");
  } else {
    if (readable_) log::Failure("key_catalogue_unreadable", {{"detail", status.error().ToString()}});
    parts_.reports.Warn("key catalogue", status.error().ToString());
  }
  readable_ = status.ok();
}

}  // namespace rootkeep
