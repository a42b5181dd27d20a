#include "signer/policy/identity_pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep {

Result<TextPattern> TextPattern::Parse(std::string_view text) {
  const bool prefix = text.ends_with('*');
  const std::string_view literal = prefix ? text.substr(0, text.size() - 1) : text;
  // A literal "." is a legal prefix although it is no segment of its own.
  const bool legal = prefix ? literal.empty() || IsPathSegment(fmt::format("{}x", literal)) : IsPathSegment(literal);
  if (!legal) {
    return InvalidArgument(fmt::format("\"{}\" is not a pattern", text))
        .WithHint("exact text, a prefix followed by *, or * alone; letters, digits, dot, dash and underscore");
  }
  return TextPattern(std::string(literal), prefix);
}

bool TextPattern::Matches(std::string_view value) const { return prefix_ ? value.starts_with(text_) : value == text_; }

IdentityPattern IdentityPattern::Exactly(const SpiffeId& identity) {
  return {TextPattern::Exactly(identity.trust_domain), TextPattern::Exactly(identity.ns),
          TextPattern::Exactly(identity.service_account)};
}

bool IdentityPattern::Matches(const SpiffeId& identity) const {
  return trust_domain.Matches(identity.trust_domain) && ns.Matches(identity.ns) &&
         service_account.Matches(identity.service_account);
}

std::string IdentityPattern::ToText() const {
  return fmt::format("spiffe://{}/ns/{}/sa/{}", trust_domain.ToText(), ns.ToText(), service_account.ToText());
}

bool AnyMatches(const std::vector<IdentityPattern>& patterns, const SpiffeId& identity) {
  return std::ranges::any_of(patterns, [&](const IdentityPattern& pattern) { return pattern.Matches(identity); });
}

bool AnyMatches(const std::vector<TextPattern>& patterns, std::string_view value) {
  return std::ranges::any_of(patterns, [&](const TextPattern& pattern) { return pattern.Matches(value); });
}

}  // namespace rootkeep
