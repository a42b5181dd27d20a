#include "attestation/verifier/pcr_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "attestation/verifier/reasons.h"
#include "attestation/verifier/signing_key.h"

namespace rootkeep::attestation {
namespace {

const Bytes* ValueOf(const std::vector<PcrValue>& values, std::uint8_t index) {
  const auto found = std::ranges::find(values, index, &PcrValue::index);
  return found == values.end() ? nullptr : &found->digest;
}

const std::vector<Bytes>* AllowedFor(const PcrGeneration& generation, std::uint8_t index) {
  const auto found = generation.allowed.find(index);
  return found == generation.allowed.end() || found->second.empty() ? nullptr : &found->second;
}

// Has values for every required PCR, and for no other.
bool IsComplete(const PcrGeneration& generation, const std::vector<std::uint8_t>& required) {
  return generation.allowed.size() == required.size() &&
         std::ranges::all_of(required, [&](std::uint8_t index) { return AllowedFor(generation, index) != nullptr; });
}

bool IsResettable(std::uint8_t index) { return index == 16 || index == 23; }

bool Contains(const std::vector<Bytes>& list, const Bytes& value) {
  return std::ranges::find(list, value) != list.end();
}

// Required PCRs that this generation does not allow to have these values.
std::vector<std::uint8_t> Differing(const PcrGeneration& generation, const std::vector<std::uint8_t>& required,
                                    const std::vector<PcrValue>& values) {
  std::vector<std::uint8_t> differing;
  for (const std::uint8_t index : required) {
    const std::vector<Bytes>* allowed = AllowedFor(generation, index);
    const Bytes* value = ValueOf(values, index);
    if (allowed == nullptr || value == nullptr || !Contains(*allowed, *value)) differing.push_back(index);
  }
  return differing;
}

bool CoveredBy(const PcrSelection& asked, const PcrPolicy& policy) {
  return asked.bank == policy.bank &&
         std::ranges::all_of(policy.required, [&](std::uint8_t index) { return IsSelected(asked, index); });
}

PcrJudgement Denied(std::string_view reason, std::string_view detail = "") {
  return {.status = Failure(reason, detail), .generation = "", .differing = {}};
}

PcrJudgement Mismatch(const std::vector<std::uint8_t>& differing, const std::string& closest,
                      const std::vector<PcrValue>& values) {
  std::string detail;
  for (const std::uint8_t index : differing) {
    const Bytes* value = ValueOf(values, index);
    detail += fmt::format("{}PCR {} is {}", detail.empty() ? "" : ", ", index, value == nullptr ? "?" : ToHex(*value));
  }
  return {.status = Failure(reason::kPcrMismatch, fmt::format("{} (closest: {})", detail, closest)),
          .generation = "",
          .differing = differing};
}

// No generation has been found to match, apart from whole states.
PcrJudgement JudgeSeparately(const PcrPolicy& policy, const std::vector<PcrValue>& values) {
  const PcrGeneration* closest = nullptr;
  std::vector<std::uint8_t> fewest;
  for (const PcrGeneration& generation : policy.generations) {
    if (!IsComplete(generation, policy.required)) continue;
    std::vector<std::uint8_t> differing = Differing(generation, policy.required, values);
    if (differing.empty()) return {.status = Ok(), .generation = generation.name, .differing = {}};
    if (closest == nullptr || differing.size() < fewest.size()) {
      closest = &generation;
      fewest = std::move(differing);
    }
  }
  if (closest != nullptr) return Mismatch(fewest, closest->name, values);
  const bool whole_states = std::ranges::any_of(
      policy.generations, [](const PcrGeneration& generation) { return !generation.composites.empty(); });
  return whole_states ? Denied(reason::kPcrMismatch, "no whole state") : Denied(reason::kPcrPolicyIncomplete);
}

Status CheckGeneration(const PcrGeneration& generation, const PcrPolicy& policy) {
  for (const auto& [index, digests] : generation.allowed) {
    const auto fits = [&](const Bytes& digest) { return digest.size() == HashSize(policy.bank); };
    if (!std::ranges::all_of(digests, fits)) {
      return InvalidArgument(
          fmt::format("generation \"{}\" has a value of the wrong size for PCR {}", generation.name, index));
    }
  }
  const auto fits = [](const Bytes& digest) { return digest.size() == HashSize(Algorithm::kSha256); };
  if (!std::ranges::all_of(generation.composites, fits)) {
    return InvalidArgument(fmt::format("generation \"{}\" has a composite of the wrong size", generation.name));
  }
  const bool whole_states = !generation.composites.empty() && generation.allowed.empty();
  if (!whole_states && !IsComplete(generation, policy.required)) {
    return InvalidArgument(
        fmt::format("generation \"{}\" has no values for just the PCRs that the policy requires", generation.name));
  }
  return Ok();
}

}  // namespace

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

PcrJudgement JudgePcrs(const PcrPolicy& policy, const PcrSelection& asked, const std::vector<PcrValue>& values) {
  if (policy.required.empty()) return Denied(reason::kPcrPolicyEmpty);
  if (!CoveredBy(asked, policy)) return Denied(reason::kPcrNotQuoted);
  if (policy.learn) return Denied(reason::kPcrLearning);
  if (policy.generations.empty()) return Denied(reason::kPcrPolicyEmpty);
  const Result<Bytes> composite = CompositeOf(policy.required, values);
  if (!composite.ok()) return Denied(reason::kPcrNotQuoted);
  for (const PcrGeneration& generation : policy.generations) {
    if (Contains(generation.composites, *composite)) {
      return {.status = Ok(), .generation = generation.name, .differing = {}};
    }
  }
  return JudgeSeparately(policy, values);
}

Result<Bytes> CompositeOf(const std::vector<std::uint8_t>& required, const std::vector<PcrValue>& values) {
  Bytes all;
  for (const std::uint8_t index : required) {
    const Bytes* value = ValueOf(values, index);
    if (value == nullptr) return NotFound(fmt::format("there is no value of PCR {}", index));
    all.insert(all.end(), value->begin(), value->end());
  }
  return TpmHash(Algorithm::kSha256, all);
}

}  // namespace rootkeep::attestation
