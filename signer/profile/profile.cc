#include "signer/profile/profile.h"

namespace rootkeep {

std::string_view ProfileName(ProfileKind kind) {
  switch (kind) {
    case ProfileKind::kWorkload: return "workload";
    case ProfileKind::kServer: return "server";
    case ProfileKind::kNode: return "node";
    case ProfileKind::kIssuingCa: return "issuing-ca";
    case ProfileKind::kRootCa: return "root-ca";
    case ProfileKind::kForeignCa: return "foreign-ca";
  }
  return "unknown";
}

LifetimeRules IssuingCaLifetime() {
  using std::chrono::hours;
  return {.default_ttl = hours(24 * 365), .max_ttl = hours(24 * 365 * 5), .min_ttl = hours(24)};
}

LifetimeRules RootCaLifetime() {
  using std::chrono::hours;
  return {.default_ttl = hours(24 * 3650), .max_ttl = hours(24 * 365 * 30), .min_ttl = hours(24 * 30)};
}

LifetimeRules ForeignCaLifetime() {
  using std::chrono::hours;
  return {.default_ttl = hours(24),
          .max_ttl = hours(24 * 7),
          .min_ttl = std::chrono::minutes(1),
          .backdate = std::chrono::seconds(10),
          .shorten = true};
}

Profile WorkloadProfile(const LifetimeRules& lifetime) {
  return {.kind = ProfileKind::kWorkload, .lifetime = lifetime};
}

Profile ServerProfile(const LifetimeRules& lifetime) {
  return {.kind = ProfileKind::kServer, .client_auth = false, .lifetime = lifetime};
}

Profile NodeProfile(const LifetimeRules& lifetime) { return {.kind = ProfileKind::kNode, .lifetime = lifetime}; }

Profile IssuingCaProfile(const LifetimeRules& lifetime, unsigned path_length) {
  return {.kind = ProfileKind::kIssuingCa,
          .key_usage = kKeyCertSign | kCrlSign,
          .server_auth = false,
          .client_auth = false,
          .ca = true,
          .path_length = path_length,
          .subject_key_id = true,
          .lifetime = lifetime};
}

Profile ForeignCaProfile(const LifetimeRules& lifetime, unsigned path_length) {
  Profile profile = IssuingCaProfile(lifetime, path_length);
  profile.kind = ProfileKind::kForeignCa;
  return profile;
}

Profile RootCaProfile(const LifetimeRules& lifetime) {
  return {.kind = ProfileKind::kRootCa,
          .key_usage = kKeyCertSign | kCrlSign,
          .server_auth = false,
          .client_auth = false,
          .ca = true,
          .subject_key_id = true,
          .lifetime = lifetime};
}

}  // namespace rootkeep
