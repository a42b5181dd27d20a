#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/node_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

constexpr const char* kAny = "any";
constexpr std::size_t kShortEk = 16;  // digits; `node show` has all

struct Asked {
  NodeOptionsGiven nodes;
  std::string only = kAny;
  bool json = false;
};

std::string Time(std::int64_t seconds) { return seconds == 0 ? "-" : ToRfc3339(FromUnixSeconds(seconds)); }

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

void PrintWords(const std::vector<Node>& nodes, const std::vector<BindingRequest>& requests, WallTime now) {
  std::vector<std::vector<std::string>> rows;
  for (const Node& node : nodes) {
    rows.push_back({node.id, std::string(StandingOf(node, ToUnixSeconds(now))), node.group, Time(node.evidence.at),
                    Time(node.attested_until), node.ek_sha256.substr(0, kShortEk), std::string(TpmWords(node.tpm)),
                    FirstLine(node.explanation.empty() ? node.reason : node.explanation)});
  }
  PrintTable({"NODE", "STANDING", "GROUP", "LAST EVIDENCE", "UNTIL", "EK", "TPM", "WHY"}, rows);
  for (const BindingRequest& request : requests) PrintLine(BindingLine(request));
}

void PrintAsJson(const std::vector<Node>& nodes, const std::vector<BindingRequest>& requests, WallTime now) {
  nlohmann::ordered_json json{{"nodes", nlohmann::ordered_json::array()},
                              {"binding_requests", nlohmann::ordered_json::array()}};
  for (const Node& node : nodes) json["nodes"].push_back(NodeJson(node, now));
  for (const BindingRequest& request : requests) json["binding_requests"].push_back(BindingJson(request));
  PrintJson(json);
}

Status List(const Asked& asked) {
  RK_TRY(const auto store, LookAtNodes(asked.nodes));
  RK_TRY(auto nodes, store->List());
  RK_TRY(const auto requests, store->BindingRequests());
  const WallTime now = SystemClock().Now();
  if (asked.only != kAny) {
    std::erase_if(nodes, [&](const Node& node) { return StandingOf(node, ToUnixSeconds(now)) != asked.only; });
  }
  asked.json ? PrintAsJson(nodes, requests, now) : PrintWords(nodes, requests, now);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options
      .Choice("--only", asked->only,
              {kAny, "attested", "attestation ended", "approved", "held", "failed", "denied", "re-enrol required"},
              "Only nodes that stand so")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return List(*asked); };
}

}  // namespace

Command NodeListCommand() {
  return {.group = "node",
          .name = "list",
          .summary = "Nodes and how they stand, and TPMs that ask to become one's",
          .example = "rootkeep node list --state /var/lib/rootkeep --only failed",
          .declare = Declare};
}

}  // namespace rootkeep::cli
