#include "attestation/verifier/boot_event_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/boot_event_text.h"
#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

// One event of the PCR, judged.
struct Judged {
  const BootEvent* event = nullptr;
  const Bytes* digest = nullptr;
  std::size_t number = 0;  // within the PCR, from 1
  bool allowed = false;
};

struct Judgement {
  std::vector<Judged> events;
  std::vector<const BootEventRule*> unmet;
};

bool Allows(const BootEventRule& rule, const Judged& judged) {
  return rule.type == judged.event->type && rule.digests.contains(*judged.digest);
}

Judgement JudgeEach(const BootEventRules& rules, const BootLog& log, Algorithm bank, std::uint8_t pcr) {
  Judgement judgement;
  const std::optional<std::size_t> at = BankIndex(log, bank);
  std::set<const BootEventRule*> met;
  for (const BootEvent& event : log.events) {
    if (!at || event.pcr != pcr || event.type == EventType::kNoAction) continue;
    Judged judged{.event = &event, .digest = &event.digests[*at], .number = judgement.events.size() + 1};
    judged.allowed = event.type == EventType::kSeparator;
    for (const BootEventRule& rule : rules) {
      if (!Allows(rule, judged)) continue;
      judged.allowed = true;
      met.insert(&rule);
    }
    judgement.events.push_back(judged);
  }
  for (const BootEventRule& rule : rules) {
    if (!met.contains(&rule)) judgement.unmet.push_back(&rule);
  }
  return judgement;
}

std::string TextOf(const Judged& judged, std::uint8_t pcr) {
  return fmt::format("PCR {} event {}: {}, {}", pcr, judged.number, InWords(*judged.event), ToHex(*judged.digest));
}

std::string TextOf(const BootEventRule& rule, std::uint8_t pcr) {
  std::string text = fmt::format("PCR {}: no {}", pcr, EventTypeName(rule.type));
  if (rule.digests.empty()) return text;
  text += fmt::format(" with the digest {}", ToHex(*rule.digests.begin()));
  if (rule.digests.size() > 1) text += fmt::format(" or one of {} others", rule.digests.size() - 1);
  return text;
}

Status CheckRule(const BootEventRule& rule, Algorithm bank, std::uint8_t pcr) {
  const std::string name = EventTypeName(rule.type);
  if (rule.type == EventType::kNoAction || rule.type == EventType::kSeparator) {
    return InvalidArgument(fmt::format("{} has no rule: it is judged always", name));
  }
  if (!BelongsInPcr(rule.type, pcr)) return InvalidArgument(fmt::format("{} does not belong in PCR {}", name, pcr));
  const auto fits = [&](const Bytes& digest) { return digest.size() == HashSize(bank); };
  if (!std::ranges::all_of(rule.digests, fits)) {
    return InvalidArgument(fmt::format("a digest of {} in PCR {} is of the wrong size", name, pcr));
  }
  if (rule.digests.empty() || rule.digests.size() > kMaxBootEventDigests) {
    return InvalidArgument(
        fmt::format("{} in PCR {} has {} digests, not 1 to {}", name, pcr, rule.digests.size(), kMaxBootEventDigests));
  }
  return Ok();
}

}  // namespace

Status CheckBootEventRules(const BootEventRules& rules, Algorithm bank, std::uint8_t pcr) {
  if (!IsAccountedFor(pcr)) {
    return InvalidArgument(fmt::format("PCR {} goes on after the boot log ends, or has none", pcr));
  }
  if (rules.empty() || rules.size() > kMaxBootEventRules) {
    return InvalidArgument(
        fmt::format("PCR {} has {} rules on events, not 1 to {}", pcr, rules.size(), kMaxBootEventRules));
  }
  for (const BootEventRule& rule : rules) RK_RETURN_IF_ERROR(CheckRule(rule, bank, pcr));
  return Ok();
}

Status JudgeBootEvents(const BootEventRules& rules, const BootLog& log, Algorithm bank, std::uint8_t pcr) {
  const Judgement judgement = JudgeEach(rules, log, bank, pcr);
  const auto refused = std::ranges::find(judgement.events, false, &Judged::allowed);
  if (refused != judgement.events.end()) return Failure(reason::kBootEventNotAllowed, TextOf(*refused, pcr));
  if (!judgement.unmet.empty()) return Failure(reason::kBootEventMissing, TextOf(*judgement.unmet.front(), pcr));
  return Ok();
}

std::vector<std::string> ExplainBootEvents(const BootEventRules& rules, const BootLog& log, Algorithm bank,
                                           std::uint8_t pcr) {
  const Judgement judgement = JudgeEach(rules, log, bank, pcr);
  std::vector<std::string> lines;
  for (const Judged& judged : judgement.events) {
    lines.push_back(TextOf(judged, pcr) + (judged.allowed ? ": allowed" : ": not allowed"));
  }
  for (const BootEventRule* rule : judgement.unmet) lines.push_back(TextOf(*rule, pcr));
  return lines;
}

}  // namespace rootkeep::attestation
