#include "tools/rootkeep-agent/read_relay.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/config/address.h"
#include "tools/config/values.h"

namespace rootkeep::agent {
namespace {

using config::Section;

void CheckAddress(const Section& section, const std::string& address, const v1::Relay& file) {
  const Status sound = config::CheckAddress(address, config::AddressRule::kAny);
  if (!sound.ok()) {
    section.Complain("addresses", sound.error().ToString());
  } else if (config::IsEveryInterface(address) && !file.every_interface()) {
    section.Complain("addresses",
                     fmt::format("{} is every interface of this host: name one, or say every_interface", address));
  } else if (!config::IsLoopback(address) && file.clients().empty()) {
    section.Complain("clients", fmt::format("is required, because others than this host may reach {}", address));
  }
}

// By which the node is known.
std::string CertificateOf(const v1::Relay& file, const Section& section, const AgentConfig& config) {
  std::vector<std::string> attested;
  for (const CertificateConfig& certificate : config.certificates) {
    if (certificate.attestation) attested.push_back(certificate.name);
  }
  if (attested.empty()) {
    section.Complain("certificate", "needs one with an attestation under certificates");
    return {};
  }
  return config::Reference(section, "certificate", file.certificate(), attested, "certificate with an attestation");
}

// `value`, which is between `least` and 10,000.
std::uint32_t Number(const Section& section, const char* field, std::uint32_t value, std::uint32_t least) {
  constexpr std::uint32_t kMost = 10'000;
  if (value < least || value > kMost) {
    section.Complain(field, fmt::format("{} is not between {} and {}", value, least, kMost));
  }
  return value;
}

}  // namespace

RelayConfig ReadRelay(const v1::Relay& file, const Section& section, const AgentConfig& config) {
  using std::chrono::seconds;
  RelayConfig out;
  out.addresses = {file.addresses().begin(), file.addresses().end()};
  if (out.addresses.empty()) section.Complain("addresses", "is required: at least one");
  for (const std::string& address : out.addresses) CheckAddress(section, address, file);
  std::vector<std::string> networks{"127.0.0.0/8", "::1"};
  networks.insert(networks.end(), file.clients().begin(), file.clients().end());
  auto clients = relay::Networks::Parse(networks);
  if (clients.ok()) {
    out.clients = *std::move(clients);
  } else {
    section.Complain("clients", clients.error().ToString());
  }
  out.certificate = CertificateOf(file, section, config);
  if (file.has_max_calls()) out.max_calls = Number(section, "max_calls", file.max_calls(), 1);
  // An address has a part of each.
  if (file.has_max_connections()) out.connections.open = Number(section, "max_connections", file.max_connections(), 4);
  if (file.has_max_handshakes())
    out.connections.per_second = Number(section, "max_handshakes", file.max_handshakes(), 2);
  out.timeout = config::Duration(section, "timeout", file.timeout(), out.timeout, {seconds(1), seconds(120)});
  return out;
}

}  // namespace rootkeep::agent
