#include "signer/profile/excluded_names.h"

#include <algorithm>

namespace rootkeep {
namespace {

constexpr std::size_t kV4 = 4;
constexpr std::size_t kV6 = 16;

bool IsWithin(std::string_view name, std::string_view domain) {
  if (domain.empty() || name == domain) return true;
  return name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
}

// As the dNSName of a constraint: in lower case, because verifiers need not compare otherwise.
std::string Lower(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

}  // namespace

void ExcludedNames::AddDomain(std::string_view domain) {
  const std::string name = Lower(domain);
  if (std::ranges::any_of(dns, [&](const std::string& other) { return IsWithin(name, other); })) return;
  dns.push_back(name);
}

void ExcludedNames::AddHost(const GeneralName& name) {
  if (name.kind == GeneralName::Kind::kIp) {
    Bytes subtree(name.value.begin(), name.value.end());
    subtree.resize(2 * subtree.size(), 0xff);
    if (std::ranges::find(addresses, subtree) == addresses.end()) addresses.push_back(std::move(subtree));
  } else if (name.kind == GeneralName::Kind::kDns) {
    const std::size_t dot = name.value.find('.');
    const bool has_domain = dot != std::string::npos && name.value.find('.', dot + 1) != std::string::npos;
    AddDomain(has_domain ? std::string_view(name.value).substr(dot + 1) : std::string_view(name.value));
  }
}

ExcludedNames EveryHost() { return {.dns = {""}, .addresses = {Bytes(2 * kV4, 0), Bytes(2 * kV6, 0)}}; }

}  // namespace rootkeep
