#include "tools/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/file.h"
#include "proto/rootkeep/config/v1/config.pb.h"
#include "tools/config/address.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"
#include "tools/config/yaml_to_proto.h"
#include "tools/config/yaml_tree.h"

namespace rootkeep::config {
namespace {

std::string NewerVersion(const v1::Config& file) {
  return fmt::format("{} is newer than this program, which reads version {}", file.version(), kConfigVersion);
}

Config ReadTyped(const v1::Config& file, const Section& section) {
  Config config;
  if (file.version() != kConfigVersion) section.Complain("version", fmt::format("is required: {}", kConfigVersion));
  if (section.Given("state_directory")) {
    config.state_directory = RequiredPath(section, "state_directory", file.state_directory());
  }
  config.token_host = OptionalPath(section, "token_host", file.token_host());
  config.production = file.production();
  ReadEndpoints(file, section, config);
  ReadHardware(file, section, config);
  ReadAuthorities(file, section, config);
  ReadTokenIssuers(file, section, config);
  ReadImpersonation(file, section, config);
  ReadAttestation(file, section, config);
  ReadRequirements(file, section, config);
  ReadApiCallers(file, section, config);
  ReadLimits(file, section, config);
  return config;
}

}  // namespace

std::optional<Config> ParseConfig(std::string_view text, Problems& problems) {
  const std::optional<YamlNode> root = ParseYaml(text, problems);
  if (!root) return std::nullopt;
  v1::Config file;
  Positions positions;
  Problems structural;
  YamlToProto(*root, file, positions, structural);
  const Section section(positions, problems, "");
  if (file.version() > kConfigVersion) {
    // What a newer version means by its keys is not for this one to judge.
    section.Complain("version", NewerVersion(file));
    return std::nullopt;
  }
  problems = std::move(structural);
  Config config = ReadTyped(file, section);
  if (!problems.empty()) return std::nullopt;
  return config;
}

Result<Config> LoadConfig(const std::string& path) {
  RK_TRY(const std::string text, ReadGuardedFile(path, kMaxYamlText));
  Problems problems;
  std::optional<Config> config = ParseConfig(text, problems);
  if (!config) return InvalidArgument(DescribeProblems(path, problems)).WithReason("config");
  return *std::move(config);
}

std::vector<std::string> Warnings(const Config& config) {
  std::vector<std::string> out;
  if (!config.client_certificates && config.token_issuers.empty()) {
    out.emplace_back("no token issuers, and client certificates are off: nobody can authenticate");
  }
  for (const Operations& operations : config.operations) {
    if (IsLoopback(operations.address)) continue;
    out.push_back(
        fmt::format("operations on {}: whoever reaches it can read the metrics, without TLS", operations.address));
  }
  for (const ImpersonationRule& rule : config.impersonation) {
    if (!rule.placement.empty()) continue;
    out.push_back(
        fmt::format("impersonation rule {} does not ask where its targets run (unsafe_without_placement)", rule.name));
  }
  return out;
}

bool HasForeignCa(const Config& config) {
  return std::ranges::any_of(config.api_callers,
                             [](const ApiCaller& entry) { return entry.caller.foreign_ca.has_value(); });
}

std::string ForeignCasLeft(WallTime last_end) {
  return fmt::format(
      "no entry of api_callers has foreign_ca, and a CA that was issued for one may live until {}: until then client "
      "certificates count only if an authority that is loaded has issued them itself",
      ToRfc3339(last_end));
}

}  // namespace rootkeep::config
