// Patterns over SPIFFE identities, as configuration names callers and targets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keystore/base/result.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

// One of: exact text; a prefix followed by "*"; "*" alone, which matches every text. No other wildcard exists.
class TextPattern {
 public:
  // INVALID_ARGUMENT when the text is empty, has a "*" anywhere but at the end, or holds characters that no trust
  // domain, namespace or service account may have.
  static Result<TextPattern> Parse(std::string_view text);
  // Matches this text and no other.
  static TextPattern Exactly(std::string text) { return {std::move(text), false}; }

  [[nodiscard]] bool Matches(std::string_view value) const;
  // As Parse took it.
  [[nodiscard]] std::string ToText() const { return prefix_ ? text_ + "*" : text_; }

  friend bool operator==(const TextPattern&, const TextPattern&) = default;

 private:
  TextPattern(std::string text, bool prefix) : text_(std::move(text)), prefix_(prefix) {}

  std::string text_;
  bool prefix_;
};

// Matches an identity when all three parts match.
struct IdentityPattern {
  TextPattern trust_domain;
  TextPattern ns;
  TextPattern service_account;

  // The pattern that matches exactly this identity.
  static IdentityPattern Exactly(const SpiffeId& identity);

  [[nodiscard]] bool Matches(const SpiffeId& identity) const;
  // For people: "spiffe://cluster.local/ns/kube-system/sa/*".
  [[nodiscard]] std::string ToText() const;

  friend bool operator==(const IdentityPattern&, const IdentityPattern&) = default;
};

[[nodiscard]] bool AnyMatches(const std::vector<IdentityPattern>& patterns, const SpiffeId& identity);
[[nodiscard]] bool AnyMatches(const std::vector<TextPattern>& patterns, std::string_view value);

}  // namespace rootkeep
