// What a key is and what it is for: values shared by every backend, the catalogue and the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep {

enum class KeyType : std::uint8_t { kEcP256, kEcP384, kRsa2048, kRsa3072, kRsa4096, kEd25519 };

// Names as on command lines and in files: "ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519".
std::string_view KeyTypeName(KeyType type);
std::optional<KeyType> KeyTypeFromName(std::string_view name);

[[nodiscard]] constexpr bool IsRsa(KeyType type) {
  return type == KeyType::kRsa2048 || type == KeyType::kRsa3072 || type == KeyType::kRsa4096;
}

// Immutable purpose of a key (architecture §1, boundary 2). kRootkeepCa and kLog sign only for the CA service.
enum class KeyUse : std::uint8_t { kRootkeepCa, kLog, kNode, kApp, kForeignCa };

// Names as in labels and on the wire: "rootkeep-ca", "log", "node", "app", "foreign-ca".
std::string_view KeyUseName(KeyUse use);
std::optional<KeyUse> KeyUseFromName(std::string_view name);

// What is asked of the token that keeps a key. kLocalOnly: never leaves the token in any form.
// kHsmBackup: only for tokens whose backup wraps keys. Set at creation, never widened silently.
enum class CustodyLevel : std::uint8_t { kLocalOnly, kHsmBackup };

// "local-only", "hsm-backup".
std::string_view CustodyLevelName(CustodyLevel level);
std::optional<CustodyLevel> CustodyLevelFromName(std::string_view name);

// Everything about a key to be made that is not random.
struct KeySpec {
  KeyType type = KeyType::kEcP256;
  KeyUse use = KeyUse::kApp;
  std::string name;              // 1 to 64 of [a-z0-9.-], starting with a letter or digit
  std::uint32_t generation = 1;  // 1 and up; a new key under the same name takes the next
  CustodyLevel custody = CustodyLevel::kLocalOnly;
};

// The token label of a key: rk/<use>/<name>/<generation> (keystore/NAMES.md).
// INVALID_ARGUMENT when the name or generation is not as KeySpec says.
Result<std::string> KeyLabel(const KeySpec& spec);

// The use, name and generation in a label that KeyLabel made; nothing for any other label.
struct LabelParts {
  KeyUse use;
  std::string name;
  std::uint32_t generation;
};
std::optional<LabelParts> ParseKeyLabel(std::string_view label);

}  // namespace rootkeep
