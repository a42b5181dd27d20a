// One key as the catalogue knows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/key_info.h"
#include "keystore/key_spec.h"

namespace rootkeep {

// After NIST SP 800-57 part 1 §7: pre-activation, active, deactivated, destroyed. MISSING is ours: a key that should
// be in its token and is not. The numbers are stored.
enum class KeyState : std::uint8_t { kPending = 0, kActive = 1, kRetired = 2, kMissing = 3, kDestroyed = 4 };

// "PENDING", "ACTIVE", "RETIRED", "MISSING", "DESTROYED".
std::string_view KeyStateName(KeyState state);

// A token by what an operator calls it; one of both may be empty.
struct TokenName {
  std::string label;
  std::string serial;
};

// What is known once the key exists.
struct CataloguedKey {
  Bytes id;  // CKA_ID
  PublicKey public_key;
  DeviceInfo device;
  CustodyFacts facts;  // as the token told them at `read_at`
  Voucher voucher = Voucher::kToken;
  WallTime read_at;
};

struct CatalogEntry {
  std::string label;  // of a form that ParseKeyLabel reads: its use never changes
  LabelParts named;
  KeyType type = KeyType::kEcP256;
  CustodyLevel custody = CustodyLevel::kLocalOnly;
  std::vector<std::string> users;  // who may sign with it (NAMES.md); empty: nobody
  std::string maker;               // who destroys it when its owner has replaced it (replaced.h); empty: nobody
  TokenName token;                 // as it was named at creation; once active, as the token names itself
  KeyState state = KeyState::kPending;
  WallTime created_at;                   // when it was PENDING
  std::optional<WallTime> activated_at;  // the other dates: when it last became that
  std::optional<WallTime> retired_at;
  std::optional<WallTime> missing_at;
  std::optional<WallTime> destroy_ordered_at;  // the token was going to be asked to destroy it
  std::optional<WallTime> destroyed_at;
  std::optional<WallTime> used_at;   // others may rely on what it signed; told by makers only
  std::optional<CataloguedKey> key;  // from ACTIVE on
};

// By serial number where both have one, otherwise by label.
bool InToken(const CatalogEntry& entry, const TokenName& token);

}  // namespace rootkeep
