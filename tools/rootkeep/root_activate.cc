#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_options.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  RootOptionsGiven root;
  std::string name;
};

Status Activate(const Asked& asked) {
  v1::ActivateRootRequest request;
  request.set_root(asked.name);
  request.set_reason(asked.root.reason);
  RK_TRY(const auto client, ConnectToRoots(asked.root));
  RK_TRY(const v1::RootList roots, client->Activate(request, After(kRootDeadline)));
  return ReportRoots(roots, asked.root.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareRootChange(options, asked->root);
  options.Argument("root", asked->name, "Its SubjectKeyIdentifier or fingerprint (SHA-256), hexadecimal");
  return [asked] { return Activate(*asked); };
}

}  // namespace

Command RootActivateCommand() {
  return {
      .group = "root",
      .name = "activate",
      .summary = "Have what is issued chain to this root from now on; the second step",
      .example = "rootkeep root activate --socket /run/rootkeep/officer.sock 779ea0eadfdac3456af7688fb0c4dae027692d60",
      .declare = Declare};
}

}  // namespace rootkeep::cli
