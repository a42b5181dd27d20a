#include "signer/spiffe_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep {
namespace {

constexpr std::size_t kMaxUri = 2048;         // SPIFFE-ID §2.3
constexpr std::size_t kMaxTrustDomain = 255;  // SPIFFE-ID §2.1
constexpr std::string_view kScheme = "spiffe://";

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsPunctuation(char c) { return c == '.' || c == '-' || c == '_'; }

}  // namespace

std::string SpiffeId::ToUri() const {
  return fmt::format("spiffe://{}/ns/{}/sa/{}", trust_domain, ns, service_account);
}

bool IsTrustDomain(std::string_view trust_domain) {
  return !trust_domain.empty() && trust_domain.size() <= kMaxTrustDomain &&
         std::ranges::all_of(trust_domain, [](char c) { return IsLowerOrDigit(c) || IsPunctuation(c); });
}

bool IsPathSegment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && std::ranges::all_of(segment, [](char c) {
    return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || IsPunctuation(c);
  });
}

Result<SpiffeId> ParseSpiffeId(std::string_view uri) {
  const Error malformed = InvalidArgument("not a SPIFFE ID of the form spiffe://<trust domain>/ns/<ns>/sa/<sa>");
  if (uri.size() > kMaxUri || !uri.starts_with(kScheme)) return malformed;
  std::string_view rest = uri.substr(kScheme.size());
  std::array<std::string_view, 5> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto slash = rest.find('/');
    if ((slash == std::string_view::npos) != (i == parts.size() - 1)) return malformed;
    parts[i] = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  const bool well_formed = IsTrustDomain(parts[0]) && parts[1] == "ns" && IsPathSegment(parts[2]) && parts[3] == "sa" &&
                           IsPathSegment(parts[4]);
  if (!well_formed) return malformed;
  return SpiffeId{std::string(parts[0]), std::string(parts[2]), std::string(parts[4])};
}

}  // namespace rootkeep
