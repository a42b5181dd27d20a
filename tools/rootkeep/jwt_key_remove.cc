#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/trust_options.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TrustOptionsGiven trust;
  std::string key_id;
};

Status Remove(const Asked& asked) {
  if (asked.trust.reason.empty()) return UsageError("a JWT key is removed for a --reason");
  v1::RemoveJwtKeyRequest request;
  request.set_key_id(asked.key_id);
  request.set_reason(asked.trust.reason);
  RK_TRY(const auto client, ConnectToTrust(asked.trust));
  RK_TRY(const v1::JwtKeyList keys, client->RemoveJwtKey(request, After(kTrustDeadline)));
  return Report(keys, asked.trust.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTrustChange(options, asked->trust);
  options.Argument("key-id", asked->key_id, "As rootkeep jwt-key list has it");
  return [asked] { return Remove(*asked); };
}

}  // namespace

Command JwtKeyRemoveCommand() {
  return {.group = "jwt-key",
          .name = "remove",
          .summary = "Have clients trust this JWT key no longer, though it has not expired",
          .example =
              "rootkeep jwt-key remove --socket /run/rootkeep/officer.sock --reason \"server broken into\""
              " dPY6vVOIMtyxC7lyv7Cs9AsdgwnYmWmH",
          .declare = Declare};
}

}  // namespace rootkeep::cli
