#include "attestation/verifier/pcr_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/signing_key.h"

namespace rootkeep::attestation {
namespace {

bool HasValues(const PcrGeneration& generation, std::uint8_t pcr) {
  const auto found = generation.allowed.find(pcr);
  return found != generation.allowed.end() && !found->second.empty();
}

bool HasRules(const PcrGeneration& generation, std::uint8_t pcr) {
  const auto found = generation.events.find(pcr);
  return found != generation.events.end() && !found->second.empty() && IsAccountedFor(pcr);
}

bool IsResettable(std::uint8_t index) { return index == 16 || index == 23; }

Status CheckValues(const PcrGeneration& generation, Algorithm bank) {
  for (const auto& [index, digests] : generation.allowed) {
    const auto fits = [&](const Bytes& digest) { return digest.size() == HashSize(bank); };
    if (!std::ranges::all_of(digests, fits)) {
      return InvalidArgument(
          fmt::format("generation \"{}\" has a value of the wrong size for PCR {}", generation.name, index));
    }
  }
  const auto fits = [](const Bytes& digest) { return digest.size() == HashSize(Algorithm::kSha256); };
  if (!std::ranges::all_of(generation.composites, fits)) {
    return InvalidArgument(fmt::format("generation \"{}\" has a composite of the wrong size", generation.name));
  }
  return Ok();
}

Status CheckEvents(const PcrGeneration& generation, Algorithm bank) {
  for (const auto& [pcr, rules] : generation.events) {
    const Status checked = CheckBootEventRules(rules, bank, pcr);
    if (checked.ok()) continue;
    return InvalidArgument(fmt::format("generation \"{}\": {}", generation.name, checked.error().message()));
  }
  return Ok();
}

Status CheckGeneration(const PcrGeneration& generation, const PcrPolicy& policy) {
  RK_RETURN_IF_ERROR(CheckValues(generation, policy.bank));
  RK_RETURN_IF_ERROR(CheckEvents(generation, policy.bank));
  const bool nothing_else = generation.allowed.empty() && generation.events.empty();
  const bool whole_states = !generation.composites.empty() && nothing_else;
  if (!whole_states && !JudgesJust(generation, policy.required)) {
    return InvalidArgument(
        fmt::format("generation \"{}\" does not judge just the PCRs that the policy requires", generation.name));
  }
  return Ok();
}

}  // namespace

bool JudgesJust(const PcrGeneration& generation, const std::vector<std::uint8_t>& required) {
  return generation.allowed.size() + generation.events.size() == required.size() &&
         std::ranges::all_of(required,
                             [&](std::uint8_t pcr) { return HasValues(generation, pcr) != HasRules(generation, pcr); });
}

bool HasEventRules(const PcrPolicy& policy) {
  return std::ranges::any_of(policy.generations,
                             [](const PcrGeneration& generation) { return !generation.events.empty(); });
}

Status CheckPcrPolicy(const PcrPolicy& policy) {
  if (!IsStrongHash(policy.bank)) return InvalidArgument("the policy's bank is none of sha256, sha384 and sha512");
  const bool ascending =
      std::ranges::adjacent_find(policy.required, std::ranges::greater_equal()) == policy.required.end();
  if (policy.required.empty() || !ascending || policy.required.back() >= kPcrCount) {
    return InvalidArgument("the policy requires no ascending list of PCRs from 0 to 23");
  }
  if (std::ranges::all_of(policy.required, IsResettable)) {
    return InvalidArgument("the policy requires only PCRs that anybody may reset");
  }
  if (policy.generations.empty() && !policy.learn) return InvalidArgument("the policy accepts no values");
  std::set<std::string_view> names;
  for (const PcrGeneration& generation : policy.generations) {
    if (generation.name.empty() || !names.insert(generation.name).second) {
      return InvalidArgument("a generation of the policy has no name of its own");
    }
    RK_RETURN_IF_ERROR(CheckGeneration(generation, policy));
  }
  return Ok();
}

}  // namespace rootkeep::attestation
