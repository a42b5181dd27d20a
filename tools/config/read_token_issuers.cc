#include <fmt/format.h>

#include <algorithm>

#include "signer/spiffe_id.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kAll = "*";

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

std::vector<std::string> Namespaces(const v1::TokenIssuer& file, const Section& section) {
  for (const std::string& text : file.namespaces()) {
    if (text == kAll || IsPathSegment(text)) continue;
    section.Complain("namespaces", fmt::format("\"{}\" is neither the name of a namespace nor \"*\"", text));
  }
  if (file.namespaces().empty()) section.Complain("namespaces", R"(is required; ["*"] for all)");
  return {file.namespaces().begin(), file.namespaces().end()};
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
  out.clock_skew = Duration(section, "clock_skew", file.clock_skew(), out.clock_skew, {seconds(0), minutes(5)});
  if (!section.Given("jwks")) section.Complain("jwks", "is required");
  if (section.Given("jwks")) out.jwks = ReadJwks(file.jwks(), section.Child("jwks"));
  return out;
}

// Whether tokens of both may speak for one identity.
bool Overlap(const TokenIssuer& one, const TokenIssuer& other) {
  const auto speaks_for = [](const TokenIssuer& issuer, std::string_view ns) {
    return std::ranges::any_of(issuer.namespaces, [&](const std::string& own) { return own == kAll || own == ns; });
  };
  return one.trust_domain == other.trust_domain &&
         (speaks_for(one, kAll) || speaks_for(other, kAll) ||
          std::ranges::any_of(one.namespaces, [&](const std::string& ns) { return speaks_for(other, ns); }));
}

void CheckPair(const TokenIssuer& earlier, const TokenIssuer& later, const Section& section) {
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
  CheckUnique(section, "token_issuers", "issuer", Each(issuers, &TokenIssuer::issuer));
  for (std::size_t later = 0; later < issuers.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      CheckPair(issuers[earlier], issuers[later], section.Child("token_issuers", later));
    }
  }
  config.client_certificates = !file.client_certificates().has_enabled() || file.client_certificates().enabled();
}

}  // namespace rootkeep::config
