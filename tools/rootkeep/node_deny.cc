#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/node_options.h"
#include "tools/rootkeep/node_report.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  NodeOptionsGiven nodes;
  std::string node;
  std::string ek;
  std::string why;
  bool json = false;
};

// What the node has in hand goes on being good until it ends.
void PrintLeft(const std::string& node, const std::vector<NodeCertificate>& left, WallTime now) {
  PrintLine(fmt::format("node {} is denied: it gets no certificate from now on", node));
  if (left.empty()) return PrintLine("no certificate issued on its word is still good");
  PrintLine("certificates issued on its word that are still good:");
  for (const NodeCertificate& certificate : left) PrintLine("  " + CertificateLine(certificate, now));
}

Status Deny(const Asked& asked) {
  RK_TRY(const auto store, OpenNodes(asked.nodes));
  const WallTime now = SystemClock().Now();
  const std::int64_t seconds = ToUnixSeconds(now);
  RK_TRY(const std::string ek, EkOf(asked.ek));
  if (!ek.empty()) {
    RK_RETURN_IF_ERROR(store->DenyBinding(asked.node, ek, OperatorName(), seconds));
    PrintLine(fmt::format("the TPM with EK {} does not become node {}'s", ek, asked.node));
    return Ok();
  }
  RK_RETURN_IF_ERROR(store->Update(
      asked.node, [&](Node old) { return Denied(std::move(old), asked.why, seconds); }, OperatorName(), seconds));
  // After the denial, so that none can be missing.
  RK_TRY(auto certificates, store->Certificates(asked.node));
  const auto left = StillGood(std::move(certificates), now);
  if (!asked.json) {
    PrintLeft(asked.node, left, now);
    return Ok();
  }
  nlohmann::ordered_json json{{"node", asked.node}, {"certificates", nlohmann::ordered_json::array()}};
  for (const NodeCertificate& certificate : left) json["certificates"].push_back(CertificateJson(certificate));
  PrintJson(json);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareNodeOptions(options, asked->nodes);
  options.Argument("node", asked->node, "A node's id")
      .Text("--ek", asked->ek, "Refuse only this EK (SHA-256, hexadecimal), which asks to become the node's")
      .Text("--why", asked->why, "For the record")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Deny(*asked); };
}

}  // namespace

Command NodeDenyCommand() {
  return {.group = "node",
          .name = "deny",
          .summary = "Refuse a node from now on, and say which certificates were issued on its word",
          .example = "rootkeep node deny --state /var/lib/rootkeep worker-7 --why stolen",
          .declare = Declare};
}

}  // namespace rootkeep::cli
