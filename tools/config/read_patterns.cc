#include "tools/config/read_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace rootkeep::config {
namespace {

std::optional<TextPattern> Part(const Section& section, std::string_view field, const std::string& value) {
  if (value.empty()) {
    section.Complain(field, R"(is required without spiffe_id; "*" for all)");
    return std::nullopt;
  }
  Result<TextPattern> pattern = TextPattern::Parse(value);
  if (pattern.ok()) return *std::move(pattern);
  section.Complain(field, pattern.error().ToString());
  return std::nullopt;
}

std::optional<IdentityPattern> ExactPattern(const v1::IdentityPattern& file, const Section& section) {
  if (!file.trust_domain().empty() || !file.namespace_().empty() || !file.service_account().empty()) {
    section.Complain("spiffe_id", "says everything; the other keys may not stand beside it");
  }
  const Result<SpiffeId> identity = ParseSpiffeId(file.spiffe_id());
  if (identity.ok()) return IdentityPattern::Exactly(*identity);
  section.Complain("spiffe_id", identity.error().ToString());
  return std::nullopt;
}

std::optional<IdentityPattern> ReadPattern(const v1::IdentityPattern& file, const Section& section) {
  if (!file.spiffe_id().empty()) return ExactPattern(file, section);
  std::optional<TextPattern> trust_domain = Part(section, "trust_domain", file.trust_domain());
  std::optional<TextPattern> ns = Part(section, "namespace", file.namespace_());
  std::optional<TextPattern> service_account = Part(section, "service_account", file.service_account());
  if (!trust_domain || !ns || !service_account) return std::nullopt;
  return IdentityPattern{*std::move(trust_domain), *std::move(ns), *std::move(service_account)};
}

// A pattern that no trust domain of ours matches can never allow anything: a misspelt one.
void CheckReach(const IdentityPattern& pattern, const Config& config, const Section& section) {
  const auto matches = [&](const std::string& name) { return pattern.trust_domain.Matches(name); };
  if (std::ranges::none_of(config.trust_domains, matches)) {
    section.Complain("trust_domain",
                     fmt::format("\"{}\" matches none of trust_domains", pattern.trust_domain.ToText()));
  }
}

}  // namespace

std::vector<IdentityPattern> ReadPatterns(const Section& section, std::string_view field,
                                          const google::protobuf::RepeatedPtrField<v1::IdentityPattern>& items,
                                          const Config& config) {
  std::vector<IdentityPattern> out;
  for (int i = 0; i < items.size(); ++i) {
    const Section place = section.Child(field, static_cast<std::size_t>(i));
    std::optional<IdentityPattern> pattern = ReadPattern(items[i], place);
    if (!pattern) continue;
    CheckReach(*pattern, config, place);
    out.push_back(*std::move(pattern));
  }
  if (items.empty()) section.Complain(field, "is required: at least one");
  return out;
}

}  // namespace rootkeep::config
