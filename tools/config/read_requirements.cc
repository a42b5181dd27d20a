#include <fmt/format.h>

#include <algorithm>

#include "tools/config/read_patterns.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

ProofLevel Level(v1::ProofLevel level) {
  switch (level) {
    case v1::PROOF_LEVEL_TOKEN_ON_ATTESTED_NODE: return ProofLevel::kTokenOnAttestedNode;
    case v1::PROOF_LEVEL_ATTESTED_KEY: return ProofLevel::kAttestedKey;
    default: return ProofLevel::kToken;
  }
}

bool MaySpeakFor(const TokenIssuer& issuer, const Requirement& requirement) {
  return std::ranges::any_of(requirement.identities, [&](const IdentityPattern& pattern) {
    return pattern.trust_domain.Matches(issuer.trust_domain) &&
           std::ranges::any_of(issuer.namespaces,
                               [&](const std::string& ns) { return ns == "*" || pattern.ns.Matches(ns); });
  });
}

// A node's id says nothing about clusters: a token of another cluster's node of that name would do as well.
void CheckOneCluster(const Requirement& requirement, const Config& config, const Section& section) {
  const TokenIssuer* first = nullptr;
  for (const TokenIssuer& issuer : config.token_issuers) {
    if (!MaySpeakFor(issuer, requirement)) continue;
    if (first == nullptr) first = &issuer;
    if (issuer.cluster == first->cluster) continue;
    return section.Complain(
        "require_same_node",
        fmt::format("token issuers {} and {} speak for these identities in two clusters, whose nodes "
                    "of one name could not be told apart",
                    first->name, issuer.name));
  }
}

Requirement ReadRequirement(const v1::Requirement& file, const Section& section, const Config& config) {
  Requirement out;
  out.name = Name(section, "name", file.name());
  out.identities = ReadPatterns(section, "identities", file.identities(), config);
  out.level = Level(file.level());
  if (out.level != ProofLevel::kToken && !config.attestation) {
    section.Complain("level", "needs the section attestation: there are no attested nodes");
  }
  out.same_node = file.require_same_node();
  if (!out.same_node) return out;
  if (out.level == ProofLevel::kToken) {
    section.Complain("require_same_node", "goes with level: token-on-attested-node or attested-key");
  }
  CheckOneCluster(out, config, section);
  return out;
}

}  // namespace

void ReadRequirements(const v1::Config& file, const Section& section, Config& config) {
  config.requirements =
      ReadList(section, "requirements", file.requirements(),
               [&](const v1::Requirement& item, const Section& place) { return ReadRequirement(item, place, config); });
  CheckUnique(section, "requirements", "name", NamesOf(config.requirements));
}

}  // namespace rootkeep::config
