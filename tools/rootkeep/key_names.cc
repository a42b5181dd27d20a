#include "tools/rootkeep/key_names.h"

#include "keystore/key_spec.h"

namespace rootkeep::cli {
namespace {

template <typename T>
std::vector<std::string> Names(std::initializer_list<T> values, std::string_view (*name)(T)) {
  std::vector<std::string> names;
  for (const T value : values) names.emplace_back(name(value));
  return names;
}

}  // namespace

std::vector<std::string> KeyTypeNames() {
  return Names(
      {KeyType::kEcP256, KeyType::kEcP384, KeyType::kRsa2048, KeyType::kRsa3072, KeyType::kRsa4096, KeyType::kEd25519},
      KeyTypeName);
}

std::vector<std::string> KeyUseNames() {
  return Names({KeyUse::kRootkeepCa, KeyUse::kLog, KeyUse::kNode, KeyUse::kApp, KeyUse::kForeignCa}, KeyUseName);
}

std::vector<std::string> CustodyLevelNames() {
  return Names({CustodyLevel::kLocalOnly, CustodyLevel::kHsmBackup}, CustodyLevelName);
}

}  // namespace rootkeep::cli
