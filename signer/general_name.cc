#include "signer/general_name.h"

#include <arpa/inet.h>

#include <array>

namespace rootkeep {

std::string GeneralName::ToText() const {
  if (kind != Kind::kIp) return value;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = value.size() == 4 ? AF_INET : AF_INET6;
  if (value.size() != 4 && value.size() != 16) return "malformed address";
  inet_ntop(family, value.data(), text.data(), text.size());
  return text.data();
}

GeneralName GeneralNameFromText(std::string_view text) {
  if (text.starts_with("spiffe://")) return {GeneralName::Kind::kUri, std::string(text)};
  const std::string terminated(text);
  std::array<char, 16> address{};
  if (inet_pton(AF_INET, terminated.c_str(), address.data()) == 1) {
    return {GeneralName::Kind::kIp, std::string(address.data(), 4)};
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) {
    return {GeneralName::Kind::kIp, std::string(address.data(), 16)};
  }
  return {GeneralName::Kind::kDns, terminated};
}

std::string Describe(const std::vector<GeneralName>& names) {
  std::string out;
  for (const GeneralName& name : names) {
    if (!out.empty()) out += ", ";
    out += name.ToText();
  }
  return out;
}

}  // namespace rootkeep
