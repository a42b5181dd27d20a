#include <fmt/format.h>

#include <algorithm>

#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Jwks ReadJwks(const v1::Jwks& file, const Section& section) {
  Jwks out;
  out.file = OptionalPath(section, "file", file.file());
  out.url = file.url();
  if (out.file.empty() == out.url.empty()) section.Complain("file", "is required, or url is; not both");
  if (!out.url.empty() && !out.url.starts_with("https://")) section.Complain("url", "is not an https URL");
  if (out.url.find('@') != std::string::npos)
    section.Complain("url", "may not hold credentials; see bearer_token_file");
  for (const std::string_view field : {"ca_file", "bearer_token_file", "refresh"}) {
    if (out.url.empty() && section.Given(field)) section.Complain(field, "means nothing without url");
  }
  out.ca_file = OptionalPath(section, "ca_file", file.ca_file());
  out.bearer_token_file = OptionalPath(section, "bearer_token_file", file.bearer_token_file());
  out.refresh = Duration(section, "refresh", file.refresh(), out.refresh, {seconds(10), hours(24)});
  return out;
}

std::vector<std::string> Texts(const Section& section, std::string_view field,
                               const google::protobuf::RepeatedPtrField<std::string>& values) {
  if (std::ranges::any_of(values, &std::string::empty)) section.Complain(field, "holds an empty text");
  return {values.begin(), values.end()};
}

std::vector<TextPattern> Namespaces(const v1::TokenIssuer& file, const Section& section) {
  std::vector<TextPattern> out;
  for (const std::string& text : file.namespaces()) {
    Result<TextPattern> pattern = TextPattern::Parse(text);
    if (pattern.ok()) {
      out.push_back(*std::move(pattern));
    } else {
      section.Complain("namespaces", pattern.error().ToString());
    }
  }
  if (file.namespaces().empty()) section.Complain("namespaces", R"(is required; ["*"] for all)");
  return out;
}

TokenIssuer ReadTokenIssuer(const v1::TokenIssuer& file, const Section& section, const Config& config) {
  TokenIssuer out;
  out.name = Name(section, "name", file.name());
  out.issuer = RequiredText(section, "issuer", file.issuer());
  out.audiences = Texts(section, "audiences", file.audiences());
  if (out.audiences.empty()) section.Complain("audiences", R"(is required, for example ["istio-ca"])");
  if (section.Given("cluster")) out.cluster = RequiredText(section, "cluster", file.cluster());
  out.cluster_aliases = Texts(section, "cluster_aliases", file.cluster_aliases());
  out.trust_domain = Reference(section, "trust_domain", file.trust_domain(), config.trust_domains, "trust domain");
  const auto signs = [&](const Authority& authority) { return authority.trust_domain == out.trust_domain; };
  if (std::ranges::none_of(config.authorities, signs)) {
    section.Complain("trust_domain", fmt::format("no authority signs for \"{}\"", out.trust_domain));
  }
  out.namespaces = Namespaces(file, section);
  out.shared_namespaces = file.shared_namespaces();
  if (!section.Given("jwks")) section.Complain("jwks", "is required");
  if (section.Given("jwks")) out.jwks = ReadJwks(file.jwks(), section.Child("jwks"));
  return out;
}

// Whether some namespace matches both.
bool Overlap(const TextPattern& one, const TextPattern& other) {
  const std::string a = one.ToText();
  const std::string b = other.ToText();
  const auto reaches = [](const TextPattern& pattern, std::string_view text) {
    return pattern.Matches(text.ends_with('*') ? text.substr(0, text.size() - 1) : text);
  };
  return reaches(one, b) || reaches(other, a);
}

bool Overlap(const TokenIssuer& one, const TokenIssuer& other) {
  if (one.trust_domain != other.trust_domain) return false;
  return std::ranges::any_of(one.namespaces, [&](const TextPattern& a) {
    return std::ranges::any_of(other.namespaces, [&](const TextPattern& b) { return Overlap(a, b); });
  });
}

std::vector<std::string> Clusters(const TokenIssuer& issuer) {
  std::vector<std::string> out = issuer.cluster_aliases;
  out.push_back(issuer.cluster);
  return out;
}

bool SameTokens(const TokenIssuer& one, const TokenIssuer& other) {
  const std::vector<std::string> clusters = Clusters(other);
  return one.issuer == other.issuer && std::ranges::any_of(Clusters(one), [&](const std::string& cluster) {
           return std::ranges::find(clusters, cluster) != clusters.end();
         });
}

void CheckPair(const TokenIssuer& earlier, const TokenIssuer& later, const Section& section) {
  if (SameTokens(earlier, later)) {
    section.Complain("issuer", fmt::format("and one of its clusters are those of {} already", earlier.name));
  }
  if (Overlap(earlier, later) && !(earlier.shared_namespaces && later.shared_namespaces)) {
    section.Complain("namespaces", fmt::format("overlap with those of {}; if both may speak for them, say "
                                               "shared_namespaces: true in both",
                                               earlier.name));
  }
}

}  // namespace

void ReadTokenIssuers(const v1::Config& file, const Section& section, Config& config) {
  config.token_issuers =
      ReadList(section, "token_issuers", file.token_issuers(),
               [&](const v1::TokenIssuer& item, const Section& place) { return ReadTokenIssuer(item, place, config); });
  CheckUnique(section, "token_issuers", "name", NamesOf(config.token_issuers));
  const auto& issuers = config.token_issuers;
  for (std::size_t later = 0; later < issuers.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      CheckPair(issuers[earlier], issuers[later], section.Child("token_issuers", later));
    }
  }
  config.client_certificates = !file.client_certificates().has_enabled() || file.client_certificates().enabled();
}

}  // namespace rootkeep::config
