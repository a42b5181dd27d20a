#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_options.h"

namespace rootkeep::cli {
namespace {

Status List(const RootOptionsGiven& asked) {
  RK_TRY(const auto client, ConnectToRoots(asked));
  RK_TRY(const v1::RootList roots, client->List({}, After(kRootDeadline)));
  return ReportRoots(roots, asked.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<RootOptionsGiven>();
  DeclareRootOptions(options, *asked);
  return [asked] { return List(*asked); };
}

}  // namespace

Command RootListCommand() {
  return {.group = "root",
          .name = "list",
          .summary = "Roots of the trust bundle, removed ones too, and below which certificates are issued",
          .example = "rootkeep root list --socket /run/rootkeep/officer.sock",
          .declare = Declare};
}

}  // namespace rootkeep::cli
