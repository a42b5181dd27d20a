// Nodes and evidence as tests of this folder need them.
#pragma once

#include <string>

#include "signer/node/node.h"

namespace rootkeep::testing {

inline constexpr std::int64_t kThen = 1'800'000'000;

// The EK digest "aa...", for 'a'.
inline std::string EkOf(char digit) { return std::string(64, digit); }

inline Node MakeNode(const std::string& id, char ek, NodeState state = NodeState::kApproved) {
  return {.id = id,
          .group = "default",
          .state = state,
          .ek_sha256 = EkOf(ek),
          .ek_origin = "inventory",
          .tpm = "id:00001014 swtpm",
          .enrolled_at = kThen,
          .state_since = kThen};
}

inline NodeEvidence MakeEvidence(std::int64_t at) {
  return {.at = at,
          .attestation = "a" + std::to_string(at),
          .sha256 = std::string(64, '1'),
          .pcrs = "sha256:0=00,7=ff",
          .pcr_digest = {1, 2, 3},
          .generation = "2026-11",
          .policy = "p1",
          .firmware = 0xFFFF'FFFF'0000'0001U};
}

inline NodePass MakePass(std::int64_t at) {
  return {.evidence = MakeEvidence(at),
          .ak_name = {0, 11, 7},
          .clock = {.clock = 123'456, .reset_count = 4, .restart_count = 1, .safe = true},
          .until = at + 3600};
}

}  // namespace rootkeep::testing
