// What a trust domain trusts, as values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"

namespace rootkeep {

// The numbers are stored.
enum class RootState : std::uint8_t {
  kTrusted = 1,
  kTainted = 2,  // still trusted, but nothing new is issued under it, and what was has to be replaced
  kRemoved = 3,  // in no bundle any more; on record, so that no bundle file brings it back
};

// "trusted", "tainted", "removed".
constexpr std::string_view RootStateName(RootState state) {
  switch (state) {
    case RootState::kTrusted: return "trusted";
    case RootState::kTainted: return "tainted";
    case RootState::kRemoved: return "removed";
  }
  return "unknown";
}

struct BundleRoot {
  Bytes certificate;        // DER
  Bytes subject_key_id;     // octets; of one root in a bundle at most it is empty
  std::string fingerprint;  // SHA-256 of the certificate, lower-case hexadecimal
  bool tainted = false;
  bool active = false;               // an operator chose it: what is issued chains to it
  bool vouches_for_clients = false;  // client certificates below it authenticate

  friend bool operator==(const BundleRoot&, const BundleRoot&) = default;
};

struct JwtKey {
  std::string key_id;           // 1 to 256 octets
  Bytes public_key;             // DER SubjectPublicKeyInfo
  std::int64_t expires_at = 0;  // Unix seconds; 0: never
  bool tainted = false;

  friend bool operator==(const JwtKey&, const JwtKey&) = default;
};

struct TrustBundle {
  std::string trust_domain;
  std::uint64_t sequence = 0;     // grows with each change, also across restarts
  std::vector<BundleRoot> roots;  // in the order in which they came; never empty
  std::vector<JwtKey> jwt_keys;   // in the order in which they came; expired ones go within a round of the daemon

  friend bool operator==(const TrustBundle&, const TrustBundle&) = default;
};

// One JWT key as it is on record.
struct JwtKeyRecord {
  JwtKey key;
  std::int64_t published_at = 0;  // Unix seconds
  std::string published_by;       // as the record of certificates names the caller
  std::int64_t removed_at = 0;    // Unix seconds; 0: it is in the bundle
};

// One root as it is on record.
struct RootRecord {
  BundleRoot root;
  RootState state = RootState::kTrusted;
  std::int64_t added_at = 0;     // Unix seconds
  std::int64_t state_since = 0;  // Unix seconds
};

}  // namespace rootkeep
