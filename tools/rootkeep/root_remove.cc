#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_options.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  RootOptionsGiven root;
  std::string name;
  bool force = false;
};

Status Remove(const Asked& asked) {
  if (asked.force && asked.root.reason.empty()) return UsageError("--force needs --reason");
  v1::RemoveRootRequest request;
  request.set_root(asked.name);
  request.set_reason(asked.root.reason);
  request.set_force(asked.force);
  RK_TRY(const auto client, ConnectToRoots(asked.root));
  RK_TRY(const v1::RootList roots, client->Remove(request, After(kRootDeadline)));
  return ReportRoots(roots, asked.root.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareRootChange(options, asked->root);
  options.Argument("root", asked->name, "Its SubjectKeyIdentifier or fingerprint (SHA-256), hexadecimal")
      .Flag("--force", asked->force, "Though unexpired certificates chain to it, which stop working");
  return [asked] { return Remove(*asked); };
}

}  // namespace

Command RootRemoveCommand() {
  return {
      .group = "root",
      .name = "remove",
      .summary = "Have clients trust this root no longer; refused while an unexpired certificate chains to it",
      .example = "rootkeep root remove --socket /run/rootkeep/officer.sock 779ea0eadfdac3456af7688fb0c4dae027692d60",
      .declare = Declare};
}

}  // namespace rootkeep::cli
