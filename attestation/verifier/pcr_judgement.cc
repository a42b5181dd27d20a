#include "attestation/verifier/pcr_judgement.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

const Bytes* ValueOf(const std::vector<PcrValue>& values, std::uint8_t index) {
  const auto found = std::ranges::find(values, index, &PcrValue::index);
  return found == values.end() ? nullptr : &found->digest;
}

bool Contains(const std::vector<Bytes>& list, const Bytes& value) {
  return std::ranges::find(list, value) != list.end();
}

bool CoveredBy(const PcrSelection& asked, const PcrPolicy& policy) {
  return asked.bank == policy.bank &&
         std::ranges::all_of(policy.required, [&](std::uint8_t index) { return IsSelected(asked, index); });
}

PcrJudgement Denied(std::string_view reason, std::string_view detail = "") {
  return {.status = Failure(reason, detail), .generation = "", .closest = "", .differing = {}};
}

PcrJudgement Accepted(const PcrGeneration& generation) {
  return {.status = Ok(), .generation = generation.name, .closest = "", .differing = {}};
}

// A required PCR that a generation does not allow to be as it is.
struct Difference {
  std::uint8_t pcr = 0;
  std::string_view reason;
  std::string detail;
};

// One state of one node.
struct State {
  const std::vector<PcrValue>& values;  // of all required PCRs
  const Result<BootLog>& log;           // the error has the reason why there is none that proves anything
  Algorithm bank;
};

std::optional<Difference> DifferenceOf(const PcrGeneration& generation, const State& state, std::uint8_t pcr) {
  const auto allowed = generation.allowed.find(pcr);
  if (allowed != generation.allowed.end()) {
    const Bytes& value = *ValueOf(state.values, pcr);
    if (Contains(allowed->second, value)) return std::nullopt;
    return Difference{pcr, reason::kPcrMismatch, fmt::format("PCR {} is {}", pcr, ToHex(value))};
  }
  const auto events = generation.events.find(pcr);
  if (events == generation.events.end()) return Difference{pcr, reason::kPcrPolicyIncomplete, ""};
  if (!state.log.ok()) return Difference{pcr, state.log.error().reason(), state.log.error().message()};
  const Status judged = JudgeBootEvents(events->second, *state.log, state.bank, pcr);
  if (judged.ok()) return std::nullopt;
  return Difference{pcr, judged.error().reason(), judged.error().message()};
}

PcrJudgement Refused(const std::vector<Difference>& differences, const std::string& closest) {
  PcrJudgement judgement{.status = Ok(), .generation = "", .closest = closest, .differing = {}};
  std::string text;
  std::string_view last;
  for (const Difference& difference : differences) {
    judgement.differing.push_back(difference.pcr);
    if (difference.detail == last) continue;  // one log for all of them
    text += fmt::format("{}{}", text.empty() ? "" : ", ", difference.detail);
    last = difference.detail;
  }
  const std::string_view reason = differences.front().reason;
  const std::string detail = fmt::format("{} (closest: {})", text, closest);
  judgement.status =
      reason == reason::kPcrMismatch ? Failure(reason, detail) : PermissionDenied(detail).WithReason(reason);
  return judgement;
}

// No generation has been found to match, apart from whole states.
PcrJudgement JudgeSeparately(const PcrPolicy& policy, const State& state) {
  const PcrGeneration* closest = nullptr;
  std::vector<Difference> fewest;
  for (const PcrGeneration& generation : policy.generations) {
    if (!JudgesJust(generation, policy.required)) continue;
    std::vector<Difference> differences;
    for (const std::uint8_t pcr : policy.required) {
      if (auto difference = DifferenceOf(generation, state, pcr)) differences.push_back(*std::move(difference));
    }
    if (differences.empty()) return Accepted(generation);
    if (closest == nullptr || differences.size() < fewest.size()) {
      closest = &generation;
      fewest = std::move(differences);
    }
  }
  if (closest != nullptr) return Refused(fewest, closest->name);
  const bool whole_states = std::ranges::any_of(
      policy.generations, [](const PcrGeneration& generation) { return !generation.composites.empty(); });
  return whole_states ? Denied(reason::kPcrMismatch, "no whole state") : Denied(reason::kPcrPolicyIncomplete);
}

// The boot log as far as it proves anything.
Result<BootLog> Believe(const PcrPolicy& policy, const std::vector<PcrValue>& values, ByteView boot_log) {
  if (!HasEventRules(policy) || boot_log.empty()) return Failure(reason::kBootLogMissing);
  Result<BootLog> log = VerifyBootLog(boot_log, policy.bank, values);
  if (log.ok() || log.error().code() == Code::kInternal) return log;
  return std::move(log).error().Within("the boot log proves nothing");
}

}  // namespace

PcrJudgement JudgePcrs(const PcrPolicy& policy, const PcrSelection& asked, const std::vector<PcrValue>& values,
                       ByteView boot_log) {
  if (policy.required.empty()) return Denied(reason::kPcrPolicyEmpty);
  if (!CoveredBy(asked, policy)) return Denied(reason::kPcrNotQuoted);
  if (policy.learn) return Denied(reason::kPcrLearning);
  if (policy.generations.empty()) return Denied(reason::kPcrPolicyEmpty);
  const Result<Bytes> composite = CompositeOf(policy.required, values);
  if (!composite.ok()) return Denied(reason::kPcrNotQuoted);
  for (const PcrGeneration& generation : policy.generations) {
    if (Contains(generation.composites, *composite)) return Accepted(generation);
  }
  const Result<BootLog> log = Believe(policy, values, boot_log);
  const bool broken = !log.ok() && log.error().code() == Code::kInternal;
  if (broken) return Denied(reason::kInternal, log.error().message());
  return JudgeSeparately(policy, {.values = values, .log = log, .bank = policy.bank});
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
