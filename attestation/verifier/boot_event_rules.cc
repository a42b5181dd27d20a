#include "attestation/verifier/boot_event_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/boot_event_text.h"
#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

enum class Verdict : std::uint8_t { kAllowed, kEarly, kNotAllowed };

// One event of the PCR, judged.
struct Judged {
  const BootEvent* event = nullptr;
  const Bytes* digest = nullptr;
  std::size_t number = 0;  // within the PCR, from 1
  Verdict verdict = Verdict::kNotAllowed;
};

struct Judgement {
  std::vector<Judged> events;
  std::size_t met = 0;  // rules, from the first one on
};

bool Allows(const BootEventRule& rule, const Judged& judged) {
  return rule.type == judged.event->type && rule.digests.contains(*judged.digest);
}

// By the rules of which the first `met` are met, to which it may add one.
Verdict JudgeOne(const BootEventRules& rules, const Judged& judged, std::size_t& met) {
  if (judged.event->type == EventType::kSeparator) return Verdict::kAllowed;
  if (met < rules.size() && Allows(rules[met], judged)) {
    ++met;
    return Verdict::kAllowed;
  }
  const auto found = std::ranges::find_if(rules, [&](const BootEventRule& rule) { return Allows(rule, judged); });
  if (found == rules.end()) return Verdict::kNotAllowed;
  return static_cast<std::size_t>(found - rules.begin()) < met ? Verdict::kAllowed : Verdict::kEarly;
}

Judgement JudgeEach(const BootEventRules& rules, const BootLog& log, Algorithm bank, std::uint8_t pcr) {
  Judgement judgement;
  const std::optional<std::size_t> at = BankIndex(log, bank);
  for (const BootEvent& event : log.events) {
    if (!at || event.pcr != pcr || event.type == EventType::kNoAction) continue;
    Judged judged{.event = &event, .digest = &event.digests[*at], .number = judgement.events.size() + 1};
    judged.verdict = JudgeOne(rules, judged, judgement.met);
    judgement.events.push_back(judged);
  }
  return judgement;
}

std::string TextOf(const Judged& judged, std::uint8_t pcr) {
  return fmt::format("PCR {} event {}: {}, {}", pcr, judged.number, InWords(*judged.event), ToHex(*judged.digest));
}

std::string_view WordsFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed: return "allowed";
    case Verdict::kEarly: return "not allowed yet, before an event of each list above";
    case Verdict::kNotAllowed: return "not allowed";
  }
  return "not allowed";
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
  for (const Judged& judged : judgement.events) {
    if (judged.verdict == Verdict::kAllowed) continue;
    return Failure(reason::kBootEventNotAllowed, fmt::format("{}: {}", TextOf(judged, pcr), WordsFor(judged.verdict)));
  }
  if (judgement.met < rules.size()) return Failure(reason::kBootEventMissing, TextOf(rules[judgement.met], pcr));
  return Ok();
}

std::vector<std::string> ExplainBootEvents(const BootEventRules& rules, const BootLog& log, Algorithm bank,
                                           std::uint8_t pcr) {
  const Judgement judgement = JudgeEach(rules, log, bank, pcr);
  std::vector<std::string> lines;
  for (const Judged& judged : judgement.events) {
    lines.push_back(fmt::format("{}: {}", TextOf(judged, pcr), WordsFor(judged.verdict)));
  }
  for (std::size_t i = judgement.met; i < rules.size(); ++i) lines.push_back(TextOf(rules[i], pcr));
  return lines;
}

}  // namespace rootkeep::attestation
