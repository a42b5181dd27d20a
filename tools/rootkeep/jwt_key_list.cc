#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {
namespace {

Status List(const TrustOptionsGiven& asked) {
  RK_TRY(const auto client, ConnectToTrust(asked));
  RK_TRY(const v1::JwtKeyList keys, client->ListJwtKeys({}, After(kTrustDeadline)));
  return Report(keys, asked.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<TrustOptionsGiven>();
  DeclareTrustOptions(options, *asked);
  return [asked] { return List(*asked); };
}

}  // namespace

Command JwtKeyListCommand() {
  return {.group = "jwt-key",
          .name = "list",
          .summary = "JWT keys of the trust bundle, and those removed within 400 days",
          .example = "rootkeep jwt-key list --socket /run/rootkeep/officer.sock",
          .declare = Declare};
}

}  // namespace rootkeep::cli
