#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/trust_options.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TrustOptionsGiven trust;
  std::string name;
  bool force = false;
};

Status Remove(const Asked& asked) {
  if (asked.force && asked.trust.reason.empty()) return UsageError("--force needs --reason");
  v1::RemoveRootRequest request;
  request.set_root(asked.name);
  request.set_reason(asked.trust.reason);
  request.set_force(asked.force);
  RK_TRY(const auto client, ConnectToTrust(asked.trust));
  RK_TRY(const v1::RootList roots, client->Remove(request, After(kTrustDeadline)));
  return Report(roots, asked.trust.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTrustChange(options, asked->trust);
  DeclareRootName(options, asked->name);
  options.Flag("--force", asked->force, "Though unexpired certificates chain to it, which stop working");
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
