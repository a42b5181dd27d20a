#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_options.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  RootOptionsGiven root;
  std::string name;
};

Status Taint(const Asked& asked) {
  v1::TaintRootRequest request;
  request.set_root(asked.name);
  request.set_reason(asked.root.reason);
  RK_TRY(const auto client, ConnectToRoots(asked.root));
  RK_TRY(const v1::RootList roots, client->Taint(request, After(kRootDeadline)));
  return ReportRoots(roots, asked.root.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareRootChange(options, asked->root);
  options.Argument("root", asked->name, "Its SubjectKeyIdentifier or fingerprint (SHA-256), hexadecimal");
  return [asked] { return Taint(*asked); };
}

}  // namespace

Command RootTaintCommand() {
  return {.group = "root",
          .name = "taint",
          .summary = "Have clients replace what was issued below this root; after another was activated",
          .example = "rootkeep root taint --socket /run/rootkeep/officer.sock 779ea0eadfdac3456af7688fb0c4dae027692d60",
          .declare = Declare};
}

}  // namespace rootkeep::cli
