#include "signer/profile/excluded_names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace rootkeep {
namespace {

constexpr std::size_t kV4 = 4;
constexpr std::size_t kV6 = 16;
// In front of an IPv4 address that is written as one of IPv6 (RFC 4291 §2.5.5.2).
constexpr std::array<std::uint8_t, kV6 - kV4> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

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

void AddAddress(std::vector<Bytes>& addresses, Bytes subtree) {
  subtree.resize(2 * subtree.size(), 0xff);
  if (std::ranges::find(addresses, subtree) == addresses.end()) addresses.push_back(std::move(subtree));
}

}  // namespace

void ExcludedNames::AddDomain(std::string_view domain) {
  const std::string name = Lower(domain);
  if (std::ranges::any_of(dns, [&](const std::string& other) { return IsWithin(name, other); })) return;
  dns.push_back(name);
}

void ExcludedNames::AddHost(const GeneralName& name) {
  if (name.kind == GeneralName::Kind::kIp) {
    const Bytes octets(name.value.begin(), name.value.end());
    AddAddress(addresses, octets);
    if (octets.size() == kV4) {
      Bytes mapped(kMapped.begin(), kMapped.end());
      mapped.insert(mapped.end(), octets.begin(), octets.end());
      AddAddress(addresses, std::move(mapped));
    } else if (std::equal(kMapped.begin(), kMapped.end(), octets.begin())) {
      AddAddress(addresses, Bytes(octets.end() - kV4, octets.end()));
    }
  } else if (name.kind == GeneralName::Kind::kDns) {
    const std::size_t dot = name.value.find('.');
    const bool has_domain = dot != std::string::npos && name.value.find('.', dot + 1) != std::string::npos;
    AddDomain(has_domain ? std::string_view(name.value).substr(dot + 1) : std::string_view(name.value));
  }
}

ExcludedNames EveryHost() { return {.dns = {""}, .addresses = {Bytes(2 * kV4, 0), Bytes(2 * kV6, 0)}}; }

}  // namespace rootkeep
