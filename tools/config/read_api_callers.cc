#include <fmt/format.h>

#include <algorithm>

#include "signer/spiffe_id.h"
#include "tools/config/duration.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

constexpr std::uint32_t kMostPathLength = 8;
constexpr int kMostUsers = 16;  // each has connections of its own kind in the server
constexpr std::chrono::minutes kLeastLife{1};
constexpr std::chrono::seconds kLeastBackdate{10};

CallerSocket ReadSocket(const v1::CallerSocket& file, const Section& section) {
  CallerSocket out;
  out.path = SocketPath(section, "path", file.path());
  out.owner = file.owner();
  out.group = file.group();
  out.mode = FileMode(section, "mode", file.mode(), out.mode);
  out.users = {file.users().begin(), file.users().end()};
  if (out.users.empty()) section.Complain("users", "is required: whose processes are this caller");
  if (file.users_size() > kMostUsers) section.Complain("users", fmt::format("has more than {} names", kMostUsers));
  if (std::ranges::find(out.users, "") != out.users.end()) section.Complain("users", "has an empty name");
  return out;
}

ForeignCaRight ReadForeignCa(const v1::ForeignCa& file, const Section& section) {
  ForeignCaRight out;
  out.path_length = file.path_length();
  if (out.path_length > kMostPathLength) {
    section.Complain("path_length", fmt::format("is not 0 to {}", kMostPathLength));
  }
  // As the enum counts, without its zero.
  if (file.hosts() != v1::FOREIGN_CA_HOSTS_UNSPECIFIED) out.hosts = static_cast<HostsBelow>(file.hosts() - 1);
  const Section lifetimes = section.Child("lifetimes");
  out.lifetime = ReadLifetimes(file.lifetimes(), lifetimes, out.lifetime);
  if (out.lifetime.min_ttl < kLeastLife) {
    lifetimes.Complain("min", fmt::format("is less than {}", FormatDuration(kLeastLife)));
  }
  if (out.lifetime.backdate < kLeastBackdate) {
    lifetimes.Complain("backdate", fmt::format("is less than {}", FormatDuration(kLeastBackdate)));
  }
  return out;
}

// As the enum counts, without its zero.
std::vector<Role> ReadRoles(const v1::ApiCaller& file) {
  std::vector<Role> roles;
  for (const int role : file.roles()) roles.push_back(static_cast<Role>(role - 1));
  return roles;
}

void CheckIdentity(const rootkeep::ApiCaller& caller, const Section& section) {
  const Result<SpiffeId> identity = ParseSpiffeId(caller.spiffe_id);
  if (!identity.ok()) {
    section.Complain("spiffe_id", identity.error().ToString());
  } else if (identity->trust_domain != caller.trust_domain) {
    section.Complain("spiffe_id", fmt::format("is not of trust domain {}", caller.trust_domain));
  }
}

ApiCaller ReadCaller(const v1::ApiCaller& file, const Section& section, const Config& config) {
  ApiCaller out;
  rootkeep::ApiCaller& caller = out.caller;
  caller.name = Name(section, "name", file.name());
  caller.trust_domain = Reference(section, "trust_domain", file.trust_domain(), config.trust_domains, "trust domain");
  caller.spiffe_id = file.spiffe_id();
  if (file.has_socket()) out.socket = ReadSocket(file.socket(), section.Child("socket"));
  if (file.has_socket() == !caller.spiffe_id.empty()) {
    section.Complain("socket", "either this or spiffe_id is required");
  } else if (!file.has_socket()) {
    CheckIdentity(caller, section);
  }
  if (file.has_foreign_ca()) caller.foreign_ca = ReadForeignCa(file.foreign_ca(), section.Child("foreign_ca"));
  caller.watch_bundle = file.watch_bundle();
  caller.publish_jwt_keys = file.publish_jwt_keys();
  caller.roles = ReadRoles(file);
  return out;
}

}  // namespace

void ReadApiCallers(const v1::Config& file, const Section& section, Config& config) {
  config.api_callers =
      ReadList(section, "api_callers", file.api_callers(),
               [&](const v1::ApiCaller& item, const Section& place) { return ReadCaller(item, place, config); });
  std::vector<std::string> names;
  std::vector<std::string> identities;
  std::vector<std::string> paths;
  for (const ApiCaller& entry : config.api_callers) {
    names.push_back(entry.caller.name);
    identities.push_back(entry.caller.spiffe_id);
    paths.push_back(entry.socket ? entry.socket->path : std::string());
  }
  CheckUnique(section, "api_callers", "name", names);
  CheckUnique(section, "api_callers", "spiffe_id", identities);
  CheckUnique(section, "api_callers", "socket.path", paths);
}

}  // namespace rootkeep::config
