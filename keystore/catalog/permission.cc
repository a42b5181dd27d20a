#include "keystore/catalog/permission.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rootkeep {
namespace {

Error Refused(const CatalogEntry& entry, std::string_view reason, const std::string& why) {
  return FailedPrecondition(fmt::format("key \"{}\": the key catalogue says that {}", entry.label, why))
      .WithReason(reason);
}

// The state it has, or had before it was MISSING.
KeyState StateOf(const CatalogEntry& entry) {
  if (entry.state != KeyState::kMissing) return entry.state;
  return entry.retired_at ? KeyState::kRetired : KeyState::kActive;
}

Status CheckState(const CatalogEntry& entry) {
  const KeyState state = StateOf(entry);
  if (state == KeyState::kActive) return Ok();
  const std::string why = fmt::format("it is {}", KeyStateName(state));
  if (state == KeyState::kPending) {
    return Refused(entry, "key_pending", why).WithHint("the command that was making it finishes it: run it again");
  }
  return Refused(entry, "key_state", why).WithHint("it signs nothing any more: make the next generation");
}

Status CheckRow(const CatalogEntry& entry, const KeyInfo& key, const Purpose& purpose) {
  RK_RETURN_IF_ERROR(CheckState(entry));
  if (entry.key->public_key != key.public_key) {
    return Error(Code::kDataLoss,
                 fmt::format("key \"{}\" in token \"{}\" has fingerprint {}, the key catalogue knows one with {}",
                             entry.label, key.device.label, key.public_key.FingerprintHex(),
                             entry.key->public_key.FingerprintHex()))
        .WithReason("key_another")
        .WithHint("another key took its place; nothing is signed with it");
  }
  if (purpose.use && entry.named.use != *purpose.use) {
    return Refused(entry, "key_use",
                   fmt::format("its use is {}, want {}", KeyUseName(entry.named.use), KeyUseName(*purpose.use)));
  }
  if (purpose.user.empty() || std::ranges::find(entry.users, purpose.user) != entry.users.end()) return Ok();
  const std::string named = entry.users.empty() ? "nobody" : fmt::format("{}", fmt::join(entry.users, ", "));
  return Refused(entry, "key_user", fmt::format("{} may sign with it, not {}", named, purpose.user))
      .WithHint(fmt::format("rootkeep key permit {} --user {} changes that", entry.label, purpose.user));
}

}  // namespace

std::vector<std::string> DefaultUsers(KeyUse use) {
  return {std::string(use == KeyUse::kRootkeepCa || use == KeyUse::kLog ? kUserDaemon : kUserAgent)};
}

Status CheckPermitted(std::span<const CatalogEntry> entries, const KeyInfo& key, const Purpose& purpose) {
  bool known = false;
  for (const CatalogEntry& entry : entries) {
    const bool same_key = entry.key && entry.key->public_key == key.public_key;
    if (entry.label != key.label && !same_key) continue;
    known = true;
    RK_RETURN_IF_ERROR(CheckRow(entry, key, purpose));
  }
  if (known) return Ok();
  return NotFound(fmt::format("key \"{}\" in token \"{}\" is not in the key catalogue", key.label, key.device.label))
      .WithReason("key_uncatalogued")
      .WithHint("rootkeep key adopt takes it in");
}

}  // namespace rootkeep
