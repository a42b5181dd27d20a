// The history of trust bundles: what was done to them by whom, and what was refused.
#pragma once

#include <cstdint>
#include <string>

namespace rootkeep {

struct BundleEvent {
  std::int64_t at = 0;  // Unix seconds
  std::string trust_domain;
  std::string act;      // "root seeded", "root added", "root activated", "root tainted", "root removed", "jwt key
                        // published", "jwt key removed"
  std::string subject;  // the root's fingerprint or the JWT key's id; as it was asked for where it was refused
  std::string refusal;  // the reason for which it was refused; empty: it was done
  std::string detail;   // the error's text, or the reason that was given
  std::string by;       // who: "service", or the caller as the record of certificates names it

  friend bool operator==(const BundleEvent&, const BundleEvent&) = default;
};

}  // namespace rootkeep
