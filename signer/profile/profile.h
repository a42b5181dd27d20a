// What a kind of certificate contains and how long it may live; data, no code paths per profile elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "signer/profile/excluded_names.h"

namespace rootkeep {

enum class ProfileKind : std::uint8_t { kWorkload, kServer, kNode, kIssuingCa, kRootCa, kForeignCa };

// "workload", "server", "node", "issuing-ca", "root-ca", "foreign-ca".
std::string_view ProfileName(ProfileKind kind);

// Bits of KeyUsage (RFC 5280 §4.2.1.3) as they stand in the BIT STRING's first octet.
enum KeyUsageBit : std::uint8_t {
  kDigitalSignature = 0x80,
  kKeyEncipherment = 0x20,
  kKeyCertSign = 0x04,
  kCrlSign = 0x02,
};

// The defaults are a leaf's.
struct LifetimeRules {
  std::chrono::seconds default_ttl{std::chrono::hours(24)};
  std::chrono::seconds max_ttl{std::chrono::hours(24 * 90)};
  std::chrono::seconds min_ttl{std::chrono::minutes(5)};
  std::chrono::seconds backdate{std::chrono::minutes(2)};
  bool shorten = false;  // what is asked for above max_ttl gets max_ttl, instead of a refusal

  friend bool operator==(const LifetimeRules&, const LifetimeRules&) = default;
};

// One year by default, five at most.
LifetimeRules IssuingCaLifetime();
// Ten years by default, thirty at most.
LifetimeRules RootCaLifetime();
// A day by default, a week at most, a minute at least, which is the shortest that SPIRE rotates without a gap. Starts
// ten seconds early, as SPIRE's own certificates do: SPIRE renews by shares of a lifetime in which that time counts as
// lived.
LifetimeRules ForeignCaLifetime();

struct Profile {
  ProfileKind kind = ProfileKind::kWorkload;
  std::uint8_t key_usage = kDigitalSignature | kKeyEncipherment;  // critical always
  bool server_auth = true;
  bool client_auth = true;
  bool ca = false;
  std::optional<unsigned> path_length;  // only with ca
  ExcludedNames excluded;               // only with ca: below it
  bool subject_key_id = false;          // always on a CA
  LifetimeRules lifetime;
};

// istio-protocol.md §2.6: KU digitalSignature+keyEncipherment, EKU serverAuth, clientAuth, CA:FALSE, critical SAN.
Profile WorkloadProfile(const LifetimeRules& lifetime);
// As the workload's, serverAuth only; for the daemon's own serving certificate.
Profile ServerProfile(const LifetimeRules& lifetime);
// As the workload's; its name says from where a call comes, never who calls.
Profile NodeProfile(const LifetimeRules& lifetime);
// RFC 5280 and X509-SVID §4: keyCertSign and cRLSign, CA:TRUE, the given path length, SKI and AKI.
Profile IssuingCaProfile(const LifetimeRules& lifetime, unsigned path_length);
// The same without a path length, self-signed.
Profile RootCaProfile(const LifetimeRules& lifetime);
// A CA that somebody else keeps, SPIRE's for example: as an issuing CA, with the subject of its request.
Profile ForeignCaProfile(const LifetimeRules& lifetime, unsigned path_length);

}  // namespace rootkeep
