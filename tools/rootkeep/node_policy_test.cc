#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/boot_log_report.h"
#include "attestation/verifier/pcr_judgement.h"
#include "attestation/verifier/reasons.h"
#include "attestation/wire/messages.h"
#include "keystore/base/file.h"
#include "signer/node/pcr_text.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/config/make_node_rules.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxEvidence = std::size_t{1} << 20;

struct Asked {
  std::string config;
  std::string group;
  std::string boot_log;
  std::string evidence;
  bool json = false;
};

struct Evidence {
  PcrState pcrs;
  std::string group;                                   // empty: not said
  Bytes boot_log;                                      // of these PCRs; empty: none
  std::optional<attestation::QuotedBootLog> accepted;  // the last that were
  std::vector<std::string> standing;                   // of the node, and why, as rootkeepd said; empty: not known
};

Result<PcrState> ReadPcrText(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (auto state = ParsePcrText(text)) return *std::move(state);
  return InvalidArgument("the evidence is not PCR values, as sha256:0=<hexadecimal>,7=<hexadecimal>");
}

std::vector<std::string> StandingLines(std::string_view standing, std::string_view reason, std::string_view words) {
  if (standing.empty()) return {};
  std::vector<std::string> lines{fmt::format("the node is {}{}{}", standing, reason.empty() ? "" : ": ", reason)};
  while (!words.empty()) {
    const std::size_t end = std::min(words.find('\n'), words.size());
    lines.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return lines;
}

// What `rootkeep node show --json` printed, or PCR values alone.
Result<Evidence> ReadEvidence(const std::string& text) {
  Evidence evidence;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    RK_TRY(evidence.pcrs, ReadPcrText(text));
    return evidence;
  }
  const auto member = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  RK_TRY(evidence.pcrs, ReadPcrText(member("pcrs")));
  evidence.group = member("group");
  evidence.standing = StandingLines(member("standing"), member("reason"), member("explanation"));
  return evidence;
}

Result<Evidence> EvidenceOfNode(const std::string& state, const std::string& id) {
  RK_TRY(const auto nodes, LookAtNodes({.config = {}, .state = state}));
  RK_TRY(const Node node, FindNode(*nodes, id));
  Evidence evidence{.group = node.group};
  evidence.standing =
      StandingLines(StandingOf(node, ToUnixSeconds(SystemClock().Now())), node.reason, node.explanation);
  RK_TRY(evidence.pcrs, ReadPcrText(node.evidence.pcrs));
  RK_TRY(auto kept, nodes->BootLog(id));
  if (!kept) return evidence;
  if (kept->pcrs == node.evidence.pcrs) evidence.boot_log = kept->log;
  if (auto then = ParsePcrText(kept->pcrs)) {
    evidence.accepted = attestation::QuotedBootLog{std::move(kept->log), std::move(then->values)};
  }
  return evidence;
}

// A file where there is one of that name, a node otherwise.
Result<Evidence> Gather(const Asked& asked, const config::Config& config) {
  const auto text = ReadFile(asked.evidence, kMaxEvidence);
  RK_TRY(Evidence evidence, text.ok() ? ReadEvidence(*text) : EvidenceOfNode(config.state_directory, asked.evidence));
  if (asked.boot_log.empty()) return evidence;
  RK_TRY(const std::string log, ReadFile(asked.boot_log, attestation::kMaxBootLogSize));
  evidence.boot_log = ToBytes(AsBytes(log));
  return evidence;
}

// Whether nothing is wrong with the evidence, but that what the rules judge is not part of it.
bool LacksBootLog(const attestation::PcrJudgement& judgement) {
  return !judgement.status.ok() && judgement.status.error().reason() == attestation::reason::kBootLogMissing;
}

std::vector<std::string> Explain(const attestation::PcrJudgement& judgement, const Evidence& evidence) {
  std::vector<std::string> lines{judgement.status.error().message()};
  if (LacksBootLog(judgement)) {
    lines.emplace_back("rootkeepd keeps the boot logs of accepted PCRs only: give the one of these with --boot-log");
    lines.insert(lines.end(), evidence.standing.begin(), evidence.standing.end());
  }
  if (evidence.boot_log.empty()) return lines;
  const auto more = attestation::ReportPcrs(judgement.differing, {evidence.boot_log, evidence.pcrs.values},
                                            evidence.accepted, evidence.pcrs.bank);
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

// Each event that the generation has rules on, where the log proves anything.
std::vector<std::string> EventsOf(const attestation::PcrPolicy& policy, const attestation::PcrJudgement& judgement,
                                  const Evidence& evidence) {
  std::vector<std::string> lines;
  const std::string& name = judgement.status.ok() ? judgement.generation : judgement.closest;
  // A policy that learns has none that is closest.
  const auto shown = [&](const attestation::PcrGeneration& generation) {
    return !generation.events.empty() && (name.empty() || generation.name == name);
  };
  const auto generation = std::ranges::find_if(policy.generations, shown);
  if (generation == policy.generations.end()) return lines;
  const auto log = attestation::VerifyBootLog(evidence.boot_log, policy.bank, evidence.pcrs.values);
  if (!log.ok()) return lines;
  for (const auto& [pcr, rules] : generation->events) {
    const auto events = attestation::ExplainBootEvents(rules, *log, policy.bank, pcr);
    lines.insert(lines.end(), events.begin(), events.end());
  }
  return lines;
}

struct Answer {
  std::string group;
  std::string policy;  // its version
  attestation::PcrJudgement judgement;
  std::vector<std::string> why;     // empty when it is accepted
  std::vector<std::string> events;  // each with what the policy says to it
};

void Print(const Answer& answer, bool as_json) {
  const attestation::PcrJudgement& judgement = answer.judgement;
  const bool accepted = judgement.status.ok();
  if (as_json) {
    return PrintJson({{"group", answer.group},
                      {"policy", answer.policy},
                      {"accepted", accepted},
                      {"generation", judgement.generation},
                      {"reason", accepted ? "" : std::string(judgement.status.error().reason())},
                      {"explanation", answer.why},
                      {"events", answer.events}});
  }
  if (accepted) {
    PrintLine(fmt::format("group {} accepts these PCRs as generation {}", answer.group, judgement.generation));
  }
  for (const std::string& line : answer.why) PrintLine(line);
  for (const std::string& line : answer.events) PrintLine(line);
}

Status Test(const Asked& asked) {
  RK_TRY(const config::Config config, config::LoadConfig(asked.config));
  if (!config.attestation) return FailedPrecondition("the configuration has no section attestation");
  RK_TRY(const auto rules, config::MakeNodeRules(config));
  RK_TRY(const Evidence evidence, Gather(asked, config));
  std::string name = asked.group.empty() ? evidence.group : asked.group;
  if (name.empty()) name = rules->default_group;
  const auto group = rules->groups.find(name);
  if (group == rules->groups.end()) return NotFound("there is no group " + name);

  std::vector<std::uint8_t> indices;
  for (const attestation::PcrValue& value : evidence.pcrs.values) indices.push_back(value.index);
  const attestation::PcrPolicy& policy = group->second.policy.pcrs;
  Answer answer{.group = name,
                .policy = group->second.version,
                .judgement = attestation::JudgePcrs(policy, attestation::SelectPcrs(evidence.pcrs.bank, indices),
                                                    evidence.pcrs.values, evidence.boot_log)};
  const Status& status = answer.judgement.status;
  if (!status.ok()) answer.why = Explain(answer.judgement, evidence);
  answer.events = EventsOf(policy, answer.judgement, evidence);
  Print(answer, asked.json);
  if (status.ok()) return Ok();
  if (LacksBootLog(answer.judgement)) {
    return FailedPrecondition(
        fmt::format("group {} cannot judge these PCRs without their boot log ({})", name, status.error().reason()));
  }
  return FailedPrecondition(fmt::format("group {} refuses these PCRs ({})", name, status.error().reason()));
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Required("--config", asked->config, "rootkeepd's configuration, as it is or as it is meant to become")
      .Text("--group", asked->group, "The group whose policy judges; else the node's, or the first")
      .Text("--boot-log", asked->boot_log,
            "The boot log of these PCRs, for rules on events and to say what differs; else the last accepted, if it is "
            "of these")
      .Argument(
          "evidence", asked->evidence,
          "A node's id, for its last evidence; or a file with what node show --json printed, or with PCR values as "
          "sha256:0=...,7=...")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Test(*asked); };
}

}  // namespace

Command NodePolicyTestCommand() {
  return {.group = "node policy",
          .name = "test",
          .summary = "Whether a group's policy accepts the PCRs of a node, and why not",
          .example = "rootkeep node policy test --config /etc/rootkeep/rootkeepd.yaml worker-7",
          .declare = Declare};
}

}  // namespace rootkeep::cli
