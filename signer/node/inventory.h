// Which nodes there are meant to be, as an operator wrote it down.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep {

struct InventoryEntry {
  std::string node;       // IsNodeId
  std::string ek_sha256;  // lower-case hexadecimal; empty: whichever TPM of a pinned manufacturer comes first
  std::string group;      // empty: the default one

  friend bool operator==(const InventoryEntry&, const InventoryEntry&) = default;
};

// Immutable once made.
class Inventory {
 public:
  Inventory() = default;

  // At most kMaxEntries. INVALID_ARGUMENT for a node or an EK that is there twice, an id that is none, and an EK that
  // is not 64 hexadecimal digits.
  static Result<Inventory> Make(std::vector<InventoryEntry> entries);

  // Entries of a text with "<node> <EK or -> [<group>]" a line, words between blanks; "#" begins a comment. EKs in
  // either case. INVALID_ARGUMENT names the line. At most kMaxText octets.
  static Result<std::vector<InventoryEntry>> ReadEntries(std::string_view text);

  [[nodiscard]] const InventoryEntry* FindNode(std::string_view node) const;
  [[nodiscard]] const InventoryEntry* FindEk(std::string_view ek_sha256) const;
  [[nodiscard]] const std::vector<InventoryEntry>& entries() const { return entries_; }

  static constexpr std::size_t kMaxEntries = 1'000'000;
  static constexpr std::size_t kMaxText = std::size_t{64} << 20;

 private:
  std::vector<InventoryEntry> entries_;  // by node
  std::vector<std::size_t> by_ek_;       // those with an EK, by EK
};

}  // namespace rootkeep
