#include "tools/rootkeep/doctor/checkup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace rootkeep::cli {
namespace {

struct StepHint {
  std::string_view step;
  std::string_view hint;
};

// For errors that have none of their own: where somebody looks next.
constexpr auto kStepHints = std::to_array<StepHint>({
    {"configuration", "rootkeepd --check-config lists everything that is wrong with it"},
    {"state", "the daemon makes it at its first start, in a directory that its user owns"},
    {"open module", "is the path right, and is the vendor's package installed?"},
    {"initialise", "is the device attached, and does the module find its own configuration (its environment)?"},
    {"find token", "is the device attached, and are label and serial right?"},
    {"read PIN", "the file belongs to this user or root and has mode 0600"},
    {"ask agent", "does rootkeep-agent run, is this user one of those that its configuration lets on that socket?"},
    {"connect", "does rootkeep-agent run, and has it its node's certificate? /readyz and its log say why not"},
    {"shown names", "the agent takes up a new certificate within seconds; server_names of attestation says the names"},
    {"ask CA", "the agent's log says why, under relay_ca_away and relay_answered"},
    {"log in", "rootkeep pin check says what is on record against the PIN"},
    {"find key", "rootkeep key list shows what the token holds"},
    {"custody", "make another key: rootkeep key create; with production: true, in a token that is hardware"},
    {"catalogue", "rootkeep key list shows what the catalogue and the token know of each key"},
    {"permission", "rootkeep key list shows the key's state and its users"},
    {"read files", "rootkeep ca init or ca install puts them into the state directory"},
    {"certificates", "make the next generation: rootkeep ca init or ca request"},
    {"sign and verify", "the token's log, and its vendor's own test tool, may say why"},
});

std::string HintFor(std::string_view step, const Error& error) {
  if (!error.hint().empty()) return error.hint();
  const auto* found = std::ranges::find(kStepHints, step, &StepHint::step);
  return found == kStepHints.end() ? std::string() : std::string(found->hint);
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk: return "ok";
    case Outcome::kWarning: return "warning";
    case Outcome::kFailed: return "FAILED";
    case Outcome::kNotTried: return "not tried";
  }
  return "unknown";
}

void Checkup::Add(Finding finding) {
  if (finding.outcome == Outcome::kFailed) ++failed_;
  tell_(finding);
  findings_.push_back(std::move(finding));
}

bool Checkup::Step(const std::string& step, const std::string& subject, const Status& status,
                   const std::string& detail) {
  if (status.ok()) {
    Add({.outcome = Outcome::kOk, .step = step, .subject = subject, .detail = detail, .hint = ""});
    return true;
  }
  Add({.outcome = Outcome::kFailed,
       .step = step,
       .subject = subject,
       .detail = Error(status.error()).WithHint("").ToString(),
       .hint = HintFor(step, status.error())});
  return false;
}

void Checkup::Warn(const std::string& step, const std::string& subject, const std::string& detail) {
  Add({.outcome = Outcome::kWarning, .step = step, .subject = subject, .detail = detail, .hint = ""});
}

void Checkup::NotTried(const std::string& step, const std::string& subject) {
  Add({.outcome = Outcome::kNotTried, .step = step, .subject = subject, .detail = "", .hint = ""});
}

nlohmann::ordered_json Checkup::ToJson() const {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const Finding& finding : findings_) {
    steps.push_back({{"outcome", OutcomeName(finding.outcome)},
                     {"step", finding.step},
                     {"subject", finding.subject},
                     {"detail", finding.detail},
                     {"hint", finding.hint}});
  }
  return {{"healthy", failed_ == 0}, {"steps", steps}};
}

std::string FindingText(const Finding& finding) {
  std::string text = fmt::format("{:<10} {:<15} {}", OutcomeName(finding.outcome), finding.step, finding.subject);
  if (!finding.detail.empty()) text += ": " + finding.detail;
  if (!finding.hint.empty()) text += fmt::format("\n{:<10} hint: {}", "", finding.hint);
  return text;
}

}  // namespace rootkeep::cli
