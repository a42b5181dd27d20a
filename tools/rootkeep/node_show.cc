#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/node_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kHistory = 20;

struct Asked {
  NodeOptionsGiven nodes;
  std::string node;
  bool json = false;
};

struct Facts {
  Node node;
  std::vector<BindingRequest> requests;
  std::vector<NodeCertificate> certificates;
  std::vector<NodeEvent> history;
};

Result<Facts> Gather(NodeStore& store, const std::string& id) {
  Facts facts;
  RK_TRY(facts.node, FindNode(store, id));
  RK_TRY(facts.requests, store.BindingRequests());
  std::erase_if(facts.requests, [&](const BindingRequest& request) { return request.node != id; });
  RK_TRY(facts.certificates, store.Certificates(id));
  RK_TRY(facts.history, store.History(id, kHistory));
  return facts;
}

void PrintWords(const Facts& facts, WallTime now) {
  for (const std::string& line : NodeLines(facts.node, now)) PrintLine(line);
  for (const BindingRequest& request : facts.requests) PrintLine(BindingLine(request));
  if (!facts.certificates.empty()) PrintLine("certificates on its word:");
  for (const NodeCertificate& certificate : facts.certificates) PrintLine("  " + CertificateLine(certificate, now));
  PrintLine("history:");
  for (const NodeEvent& event : facts.history) PrintLine("  " + EventLine(event));
}

void PrintAsJson(const Facts& facts, WallTime now) {
  nlohmann::ordered_json json = NodeJson(facts.node, now);
  for (const char* list : {"binding_requests", "certificates", "history"}) json[list] = nlohmann::ordered_json::array();
  for (const BindingRequest& request : facts.requests) json["binding_requests"].push_back(BindingJson(request));
  for (const NodeCertificate& one : facts.certificates) json["certificates"].push_back(CertificateJson(one));
  for (const NodeEvent& event : facts.history) json["history"].push_back(EventJson(event));
  PrintJson(json);
}

Status Show(const Asked& asked) {
  RK_TRY(const auto store, LookAtNodes(asked.nodes));
  RK_TRY(const Facts facts, Gather(*store, asked.node));
  const WallTime now = SystemClock().Now();
  asked.json ? PrintAsJson(facts, now) : PrintWords(facts, now);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options.Argument("node", asked->node, "The node's id").Flag("--json", asked->json, "Print JSON");
  return [asked] { return Show(*asked); };
}

}  // namespace

Command NodeShowCommand() {
  return {.group = "node",
          .name = "show",
          .summary = "Everything known of one node, what was issued on its word, and its history",
          .example = "rootkeep node show --state /var/lib/rootkeep worker-7",
          .declare = Declare};
}

}  // namespace rootkeep::cli
