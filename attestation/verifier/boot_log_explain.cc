#include "attestation/verifier/boot_log_explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "attestation/verifier/boot_event_text.h"
#include "attestation/verifier/secure_boot.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint8_t kSecureBootPcr = 7;
// Differing events of a PCR that are set against each other, which takes the square of their number.
constexpr std::size_t kMaxCompared = 256;

// One event of a PCR, with what of it went into the PCR.
struct Extended {
  const BootEvent* event = nullptr;
  const Bytes* digest = nullptr;
  std::size_t number = 0;  // within the PCR, from 1
  std::string subject;     // of those that are set against each other

  bool SameAs(const Extended& other) const { return event->type == other.event->type && *digest == *other.digest; }
};

std::vector<Extended> EventsOf(const BootLog& log, std::size_t bank, std::uint8_t pcr) {
  std::vector<Extended> events;
  for (const BootEvent& event : log.events) {
    if (event.pcr != pcr || event.type == EventType::kNoAction) continue;
    events.push_back({.event = &event, .digest = &event.digests[bank], .number = events.size() + 1});
  }
  return events;
}

// Takes from both what they begin with and what they end with alike.
void Trim(std::vector<Extended>& then, std::vector<Extended>& now) {
  const auto same = [](const Extended& a, const Extended& b) { return a.SameAs(b); };
  const auto [a, b] = std::mismatch(then.begin(), then.end(), now.begin(), now.end(), same);
  then.erase(then.begin(), a);
  now.erase(now.begin(), b);
  while (!then.empty() && !now.empty() && then.back().SameAs(now.back())) {
    then.pop_back();
    now.pop_back();
  }
}

// Takes the first event of `from` for which `matches`, if there is one.
template <typename Matches>
std::optional<Extended> TakeFirst(std::vector<Extended>& from, Matches matches) {
  const auto found = std::ranges::find_if(from, matches);
  if (found == from.end()) return std::nullopt;
  std::optional<Extended> taken = std::move(*found);
  from.erase(found);
  return taken;
}

class Explanation {
 public:
  explicit Explanation(std::uint8_t pcr) : pcr_(pcr) {}

  void Say(std::string_view what) { Add(fmt::format("PCR {} {}", pcr_, what)); }
  void SayEvent(std::size_t number, std::string_view what) {
    Add(fmt::format("PCR {} event {}: {}", pcr_, number, what));
  }

  std::vector<std::string> Take() {
    if (left_out_ > 0) lines_.push_back(fmt::format("PCR {}: {} more lines were left out", pcr_, left_out_));
    return std::move(lines_);
  }

 private:
  void Add(std::string line) {
    if (lines_.size() + 1 < kMaxExplanationLines) {
      lines_.push_back(std::move(line));
    } else {
      ++left_out_;
    }
  }

  std::uint8_t pcr_;
  std::vector<std::string> lines_;
  std::size_t left_out_ = 0;
};

void ExplainSecureBoot(const BootLog& then, const BootLog& now, Explanation& out) {
  const Result<SecureBoot> before = ReadSecureBoot(then);
  const Result<SecureBoot> after = ReadSecureBoot(now);
  if (!before.ok() || !after.ok() || *before == *after) return;
  out.Say(fmt::format("differs: secure boot was {}, now {}", InWords(*before), InWords(*after)));
}

// Takes from both, pair by pair, what is in both, wherever it is.
void TakeCommon(std::vector<Extended>& then, std::vector<Extended>& now) {
  std::erase_if(then, [&](const Extended& was) {
    return TakeFirst(now, [&](const Extended& is) { return is.SameAs(was); }).has_value();
  });
}

void ExplainOne(const Extended& was, std::vector<Extended>& now, Explanation& out) {
  const auto is = TakeFirst(now, [&](const Extended& candidate) {
    return candidate.event->type == was.event->type && !was.subject.empty() && candidate.subject == was.subject;
  });
  const std::string before = InWords(*was.event);
  if (!is) {
    out.SayEvent(was.number, "no longer there: " + before);
    return;
  }
  const std::string after = InWords(*is->event);
  out.SayEvent(is->number, before == after ? "changed: " + after : fmt::format("was {}, is {}", before, after));
}

// Each event that is in one of the logs only, with the one of the other log that is about the same, if there is one.
void ExplainEvents(std::vector<Extended> then, std::vector<Extended> now, Explanation& out) {
  if (then.size() > kMaxCompared || now.size() > kMaxCompared) {
    out.Say(fmt::format("differs: {} of its events are now {} others", then.size(), now.size()));
    return;
  }
  TakeCommon(then, now);
  if (then.empty() && now.empty()) {
    out.Say("differs: the same events happened in another order");
    return;
  }
  for (std::vector<Extended>* events : {&then, &now}) {
    for (Extended& event : *events) event.subject = SubjectOf(*event.event);
  }
  for (const Extended& was : then) ExplainOne(was, now, out);
  for (const Extended& is : now) out.SayEvent(is.number, "new: " + InWords(*is.event));
}

}  // namespace

std::vector<std::string> ExplainChange(const BootLog& then, const BootLog& now, Algorithm bank, std::uint8_t pcr) {
  const std::optional<std::size_t> then_bank = BankIndex(then, bank);
  const std::optional<std::size_t> now_bank = BankIndex(now, bank);
  if (!then_bank || !now_bank) return {};
  std::vector<Extended> before = EventsOf(then, *then_bank, pcr);
  std::vector<Extended> after = EventsOf(now, *now_bank, pcr);
  Trim(before, after);
  if (before.empty() && after.empty()) return {};
  Explanation out(pcr);
  if (pcr == kSecureBootPcr) ExplainSecureBoot(then, now, out);
  ExplainEvents(std::move(before), std::move(after), out);
  return out.Take();
}

std::vector<std::string> DescribePcr(const BootLog& now, std::uint8_t pcr) {
  Explanation out(pcr);
  if (const Result<SecureBoot> state = ReadSecureBoot(now); pcr == kSecureBootPcr && state.ok()) {
    out.Say("says that secure boot is " + InWords(*state));
  }
  for (const Extended& event : EventsOf(now, 0, pcr)) out.SayEvent(event.number, InWords(*event.event));
  return out.Take();
}

}  // namespace rootkeep::attestation
