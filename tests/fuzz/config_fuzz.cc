// YAML text through both stages of the configuration loader.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tools/config/load.h"

namespace {

using rootkeep::config::Config;
using rootkeep::config::Problems;

void Require(bool condition) {
  if (!condition) std::abort();
}

// What the daemon relies on in a configuration that was accepted.
void CheckAccepted(const Config& config) {
  Require(config.state_directory.starts_with('/'));
  Require(!config.listeners.empty() && !config.modules.empty() && !config.tokens.empty());
  Require(!config.trust_domains.empty() && !config.authorities.empty());
  for (const auto& listener : config.listeners) Require(listener.server_names.size() >= 3);
  for (const auto& token : config.tokens) {
    Require(!token.module.empty() && !(token.label.empty() && token.serial.empty()));
    Require(token.pin_source.starts_with("file:/") || token.pin_source.starts_with("credential:"));
  }
  for (const auto& authority : config.authorities) {
    const auto& lifetimes = authority.lifetimes;
    Require(!authority.name.empty() && authority.name.find('/') == std::string::npos);
    Require(lifetimes.min_ttl > 2 * lifetimes.backdate && lifetimes.default_ttl >= lifetimes.min_ttl &&
            lifetimes.default_ttl <= lifetimes.max_ttl);
  }
  for (const auto& issuer : config.token_issuers) {
    Require(!issuer.issuer.empty() && !issuer.audiences.empty() && !issuer.namespaces.empty());
    Require(issuer.jwks.file.empty() != issuer.jwks.url.empty());
  }
  for (const auto& rule : config.impersonation) Require(!rule.callers.empty() && !rule.targets.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  const auto config = rootkeep::config::ParseConfig(text, problems);
  Require(config.has_value() == problems.empty());
  Require(config.has_value() || !DescribeProblems("fuzz.yaml", problems).empty());
  if (config) CheckAccepted(*config);
  return 0;
}
