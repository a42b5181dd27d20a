#include "attestation/verifier/boot_log_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "attestation/verifier/boot_log_explain.h"
#include "attestation/verifier/boot_log_replay.h"

namespace rootkeep::attestation {
namespace {

// Nothing when it is not believed, which is said in `lines`.
std::optional<BootLog> Believe(const QuotedBootLog& quoted, Algorithm bank, std::string_view which,
                               std::vector<std::string>& lines) {
  if (quoted.log.empty()) {
    lines.push_back(fmt::format("there is no boot log {}", which));
    return std::nullopt;
  }
  Result<BootLog> log = VerifyBootLog(quoted.log, bank, quoted.values);
  if (log.ok()) return std::move(*log);
  lines.push_back(fmt::format("the boot log {} explains nothing: {}", which, log.error().message()));
  return std::nullopt;
}

bool IsQuoted(std::uint8_t pcr, const QuotedBootLog& quoted) {
  return std::ranges::find(quoted.values, pcr, &PcrValue::index) != quoted.values.end();
}

// `then` is null when there is no log of it that says anything of this PCR.
std::vector<std::string> AboutOne(std::uint8_t pcr, const BootLog& now, const BootLog* then, Algorithm bank) {
  if (then != nullptr) {
    std::vector<std::string> change = ExplainChange(*then, now, bank, pcr);
    if (!change.empty()) return change;
  }
  std::vector<std::string> lines{fmt::format("PCR {} differs from what the policy accepts", pcr)};
  std::vector<std::string> description = DescribePcr(now, pcr);
  std::ranges::move(description, std::back_inserter(lines));
  return lines;
}

}  // namespace

std::vector<std::string> ReportPcrs(const std::vector<std::uint8_t>& differing, const QuotedBootLog& now,
                                    const std::optional<QuotedBootLog>& then, Algorithm bank) {
  std::vector<std::string> lines;
  if (differing.empty()) return lines;
  const std::optional<BootLog> log = Believe(now, bank, "of this quote", lines);
  if (!log) return lines;
  std::optional<BootLog> earlier;
  if (then) earlier = Believe(*then, bank, "of the last accepted quote", lines);
  for (const std::uint8_t pcr : differing) {
    if (!IsAccountedFor(pcr)) {
      lines.push_back(fmt::format("PCR {} differs: the operating system extends it after the boot log ends", pcr));
    } else if (!IsQuoted(pcr, now)) {
      lines.push_back(fmt::format("PCR {} was not quoted", pcr));
    } else {
      const BootLog* comparable = earlier && IsQuoted(pcr, *then) ? &*earlier : nullptr;
      std::vector<std::string> about = AboutOne(pcr, *log, comparable, bank);
      std::ranges::move(about, std::back_inserter(lines));
    }
  }
  return lines;
}

}  // namespace rootkeep::attestation
