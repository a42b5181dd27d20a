#include "keystore/key_spec.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace rootkeep {
namespace {

constexpr std::array<std::pair<KeyType, std::string_view>, 6> kTypes{{{KeyType::kEcP256, "ec-p256"},
                                                                      {KeyType::kEcP384, "ec-p384"},
                                                                      {KeyType::kRsa2048, "rsa-2048"},
                                                                      {KeyType::kRsa3072, "rsa-3072"},
                                                                      {KeyType::kRsa4096, "rsa-4096"},
                                                                      {KeyType::kEd25519, "ed25519"}}};
constexpr std::array<std::pair<KeyUse, std::string_view>, 5> kUses{{{KeyUse::kRootkeepCa, "rootkeep-ca"},
                                                                    {KeyUse::kLog, "log"},
                                                                    {KeyUse::kNode, "node"},
                                                                    {KeyUse::kApp, "app"},
                                                                    {KeyUse::kForeignCa, "foreign-ca"}}};
constexpr std::array<std::pair<CustodyLevel, std::string_view>, 2> kLevels{
    {{CustodyLevel::kLocalOnly, "local-only"}, {CustodyLevel::kHsmBackup, "hsm-backup"}}};

template <typename Table>
std::string_view NameIn(const Table& table, decltype(table[0].first) value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return "unknown";
}

template <typename T, typename Table>
std::optional<T> ValueIn(const Table& table, std::string_view name) {
  for (const auto& [value, entry] : table) {
    if (entry == name) return value;
  }
  return std::nullopt;
}

bool IsKeyName(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 64 || !is_alphanumeric(name.front())) return false;
  for (const char c : name) {
    if (!is_alphanumeric(c) && c != '.' && c != '-') return false;
  }
  return true;
}

}  // namespace

std::string_view KeyTypeName(KeyType type) { return NameIn(kTypes, type); }
std::optional<KeyType> KeyTypeFromName(std::string_view name) { return ValueIn<KeyType>(kTypes, name); }
std::string_view KeyUseName(KeyUse use) { return NameIn(kUses, use); }
std::optional<KeyUse> KeyUseFromName(std::string_view name) { return ValueIn<KeyUse>(kUses, name); }
std::string_view CustodyLevelName(CustodyLevel level) { return NameIn(kLevels, level); }
std::optional<CustodyLevel> CustodyLevelFromName(std::string_view name) { return ValueIn<CustodyLevel>(kLevels, name); }

Result<std::string> KeyLabel(const KeySpec& spec) {
  if (!IsKeyName(spec.name)) {
    return InvalidArgument(fmt::format("key name \"{}\" is not 1 to 64 of a-z, 0-9, '.' and '-'", spec.name));
  }
  if (spec.generation == 0) return InvalidArgument("key generation 0 is not 1 or more");
  return fmt::format("rk/{}/{}/{}", KeyUseName(spec.use), spec.name, spec.generation);
}

std::optional<LabelParts> ParseKeyLabel(std::string_view label) {
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto slash = label.find('/');
    if ((slash == std::string_view::npos) != (i == parts.size() - 1)) return std::nullopt;
    parts[i] = label.substr(0, slash);
    label.remove_prefix(slash == std::string_view::npos ? label.size() : slash + 1);
  }
  const auto use = KeyUseFromName(parts[1]);
  if (parts[0] != "rk" || !use || !IsKeyName(parts[2])) return std::nullopt;
  std::uint32_t generation = 0;
  const auto [end, error] = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), generation);
  const bool canonical = error == std::errc() && end == parts[3].data() + parts[3].size() && !parts[3].starts_with('0');
  if (!canonical) return std::nullopt;
  return LabelParts{*use, std::string(parts[2]), generation};
}

}  // namespace rootkeep
