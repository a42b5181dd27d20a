#include "tools/rootkeep/doctor/checkup.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace rootkeep::cli {

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
       .hint = status.error().hint()});
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
