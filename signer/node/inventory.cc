#include "signer/node/inventory.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/base/bytes.h"
#include "signer/node_id.h"

namespace rootkeep {
namespace {

constexpr std::size_t kDigestDigits = 64;
constexpr std::string_view kBlanks = " \t\r";

Error Bad(std::string message) { return InvalidArgument(std::move(message)).WithReason("inventory"); }

Status CheckEntry(const InventoryEntry& entry) {
  if (!IsNodeId(entry.node)) return Bad(fmt::format("\"{}\" is not the id of a node", entry.node));
  if (entry.ek_sha256.empty()) return Ok();
  const auto octets = entry.ek_sha256.size() == kDigestDigits ? FromHex(entry.ek_sha256) : std::nullopt;
  if (!octets || ToHex(*octets) != entry.ek_sha256) {
    return Bad(fmt::format("the EK of node {} is not a SHA-256 in lower-case hexadecimal", entry.node));
  }
  return Ok();
}

// The next word; empty at the end.
std::string_view TakeWord(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(kBlanks), line.size());
  line.remove_prefix(begin);
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<std::optional<InventoryEntry>> ReadLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view node = TakeWord(line);
  if (node.empty()) return std::optional<InventoryEntry>();
  const std::string_view ek = TakeWord(line);
  const std::string_view group = TakeWord(line);
  if (ek.empty() || !TakeWord(line).empty()) return Bad("it has two or three words: node, EK or -, group");
  InventoryEntry entry{std::string(node), ek == "-" ? "" : LowerCase(ek), std::string(group)};
  RK_RETURN_IF_ERROR(CheckEntry(entry));
  return std::optional(std::move(entry));
}

}  // namespace

Result<Inventory> Inventory::Make(std::vector<InventoryEntry> entries) {
  if (entries.size() > kMaxEntries) return Bad(fmt::format("{} nodes are too many", entries.size()));
  Inventory made;
  made.entries_ = std::move(entries);
  std::ranges::sort(made.entries_, {}, &InventoryEntry::node);
  for (const InventoryEntry& entry : made.entries_) RK_RETURN_IF_ERROR(CheckEntry(entry));
  const auto twice = std::ranges::adjacent_find(made.entries_, {}, &InventoryEntry::node);
  if (twice != made.entries_.end()) return Bad(fmt::format("node {} is there twice", twice->node));

  for (std::size_t i = 0; i < made.entries_.size(); ++i) {
    if (!made.entries_[i].ek_sha256.empty()) made.by_ek_.push_back(i);
  }
  const auto ek_of = [&](std::size_t i) -> const std::string& { return made.entries_[i].ek_sha256; };
  std::ranges::sort(made.by_ek_, {}, ek_of);
  const auto shared = std::ranges::adjacent_find(made.by_ek_, {}, ek_of);
  if (shared != made.by_ek_.end()) {
    return Bad(fmt::format("nodes {} and {} have the same EK", made.entries_[*shared].node,
                           made.entries_[*std::next(shared)].node));
  }
  return made;
}

Result<std::vector<InventoryEntry>> Inventory::ReadEntries(std::string_view text) {
  if (text.size() > kMaxText) return Bad("it is larger than 64 MiB");
  std::vector<InventoryEntry> entries;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto entry = ReadLine(text.substr(0, end));
    if (!entry.ok()) return std::move(entry).error().Within(fmt::format("line {}", number));
    if (*entry) entries.push_back(*std::move(*entry));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return entries;
}

const InventoryEntry* Inventory::FindNode(std::string_view node) const {
  const auto found = std::ranges::lower_bound(entries_, node, {}, &InventoryEntry::node);
  return found != entries_.end() && found->node == node ? &*found : nullptr;
}

const InventoryEntry* Inventory::FindEk(std::string_view ek_sha256) const {
  const auto ek_of = [&](std::size_t i) -> std::string_view { return entries_[i].ek_sha256; };
  const auto found = std::ranges::lower_bound(by_ek_, ek_sha256, {}, ek_of);
  return found != by_ek_.end() && ek_of(*found) == ek_sha256 ? &entries_[*found] : nullptr;
}

}  // namespace rootkeep
