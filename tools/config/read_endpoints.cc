#include <fmt/format.h>

#include <algorithm>

#include "tools/config/address.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

// Every client we know of verifies one of these (istio-protocol.md §1.8).
constexpr std::string_view kAlwaysServed[] = {"istiod.istio-system.svc", "localhost", "127.0.0.1"};

std::string Address(const Section& section, const std::string& value, const std::string& fallback, AddressRule rule) {
  if (!section.Given("address")) return fallback;
  const Status status = CheckAddress(value, rule);
  if (!status.ok()) section.Complain("address", status.error().ToString());
  return value;
}

std::vector<GeneralName> ServerNames(const v1::Listener& file, const Section& section) {
  std::vector<GeneralName> names;
  for (const std::string_view name : kAlwaysServed) names.push_back(GeneralNameFromText(name));
  for (const std::string& text : file.server_names()) {
    GeneralName name = GeneralNameFromText(text);
    const bool legal = name.kind == GeneralName::Kind::kIp || (name.kind == GeneralName::Kind::kDns && IsDnsName(text));
    if (!legal) section.Complain("server_names", fmt::format("\"{}\" is neither a DNS name nor an address", text));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

Listener ReadListener(const v1::Listener& file, const Section& section) {
  Listener out;
  out.name = Name(section, "name", file.name());
  out.address = Address(section, file.address(), out.address, AddressRule::kAny);
  out.server_names = ServerNames(file, section);
  return out;
}

// Two services on one port: the second would fail to start.
void CheckAddressesDiffer(const Section& section, const Config& config) {
  std::vector<std::string> seen;
  const auto check = [&](std::string_view field, const auto& endpoints) {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      const std::string& address = endpoints[i].address;
      if (HasFreePort(address)) continue;
      if (std::ranges::find(seen, address) != seen.end()) {
        section.Child(field, i).Complain("address", fmt::format("{} is taken by another service above", address));
      }
      seen.push_back(address);
    }
  };
  check("listeners", config.listeners);
  check("operations", config.operations);
  check("health", config.health);
}

}  // namespace

void ReadEndpoints(const v1::Config& file, const Section& section, Config& config) {
  if (!section.Given("listeners")) {
    config.listeners = {Listener{.server_names = ServerNames({}, section)}};
  } else if (file.listeners().empty()) {
    section.Complain("listeners", "is empty; the daemon would serve nobody");
  } else {
    config.listeners = ReadList(section, "listeners", file.listeners(), ReadListener);
  }
  CheckUnique(section, "listeners", "name", NamesOf(config.listeners));

  config.operations = {Operations{}};
  if (section.Given("operations")) {
    config.operations = ReadList(section, "operations", file.operations(), [](const auto& item, const Section& place) {
      return Operations{Address(place, item.address(), Operations{}.address, AddressRule::kAny)};
    });
  }
  config.health = {Health{}};
  if (section.Given("health")) {
    config.health = ReadList(section, "health", file.health(), [](const auto& item, const Section& place) {
      return Health{Address(place, item.address(), Health{}.address, AddressRule::kLoopbackOrSocket)};
    });
  }
  CheckAddressesDiffer(section, config);
}

}  // namespace rootkeep::config
