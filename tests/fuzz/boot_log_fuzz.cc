// Any octets as a boot log: what is read means the same when it is written again, what the rules pass gives values that
// it is believed for, and there are words for everything in it.
#include <algorithm>
#include <cstdlib>

#include "attestation/verifier/boot_event_rules.h"
#include "attestation/verifier/boot_log_explain.h"
#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/boot_log_rules.h"
#include "tests/support/boot_log.h"

namespace {

using namespace rootkeep;
using namespace rootkeep::attestation;

void Require(bool condition) {
  if (!condition) std::abort();
}

void RequireReason(const Error& error) {
  Require(error.code() == Code::kInvalidArgument && error.reason().starts_with("boot_log_"));
}

void RequireWords(const std::vector<std::string>& lines) {
  Require(lines.size() <= kMaxExplanationLines);
  for (const std::string& line : lines) {
    Require(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
}

void Explain(const BootLog& log) {
  static const BootLog& honest = *new BootLog(testing::HonestBootLog(true));
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) {
    RequireWords(DescribePcr(log, pcr));
    RequireWords(ExplainChange(honest, log, Algorithm::kSha256, pcr));
    Require(ExplainChange(log, log, log.banks.front(), pcr).empty());
  }
}

void Believe(const BootLog& log, ByteView octets) {
  const auto values = ReplayBootLog(log, log.banks.front()).value();
  std::vector<PcrValue> quoted;
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) quoted.push_back({pcr, values[pcr]});
  Require(VerifyBootLog(octets, log.banks.front(), quoted).value() == log);
  quoted[7].digest.front() ^= 1;
  Require(!VerifyBootLog(octets, log.banks.front(), quoted).ok());
}

// Rules that list every event of a PCR allow it; without one of them they do not.
void JudgeByEvents(const BootLog& log, std::uint8_t pcr) {
  BootEventRules rules;
  for (const BootEvent& event : log.events) {
    const bool judged = event.pcr == pcr && event.type != EventType::kNoAction && event.type != EventType::kSeparator;
    if (judged) rules.push_back({event.type, {event.digests.front()}});
  }
  if (rules.empty() || rules.size() > kMaxBootEventRules) return;
  Require(JudgeBootEvents(rules, log, log.banks.front(), pcr).ok());
  std::erase(rules, BootEventRule(rules.back()));
  Require(JudgeBootEvents(rules, log, log.banks.front(), pcr).error().reason() == "boot_event_not_allowed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  const Result<BootLog> log = ParseBootLog(octets);
  if (!log.ok()) {
    RequireReason(log.error());
    return 0;
  }
  Require(ParseBootLog(testing::Encode(*log)).value() == *log);
  Explain(*log);
  const Status judged = CheckBootLog(*log);
  if (judged.ok()) {
    Believe(*log, octets);
    for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) JudgeByEvents(*log, pcr);
  } else {
    RequireReason(judged.error());
  }
  return 0;
}
