#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {
namespace {

Status List(const TrustOptionsGiven& asked) {
  RK_TRY(const auto client, ConnectToTrust(asked));
  RK_TRY(const v1::RootList roots, client->List({}, After(kTrustDeadline)));
  return Report(roots, asked.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<TrustOptionsGiven>();
  DeclareTrustOptions(options, *asked);
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
