#include <memory>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/pin_token.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

Status Unlatch(const TokenOptions& options) {
  RK_TRY(const PinToken token, FindPinToken(options, pkcs11::PinSender::kProgram));
  if (token.place.pin_directory.empty()) {
    return UsageError("refused PINs are on record in a daemon's state directory: say --config");
  }
  RK_RETURN_IF_ERROR(token.record->Forget(token.device));
  PrintLine(TokenText(token.device) + ": its PIN may be sent once more; a running daemon does so by itself");
  return Ok();
}

Action Declare(Options& options) {
  auto token = std::make_shared<TokenOptions>();
  DeclareTokenOptions(options, *token);
  return [token] { return Unlatch(*token); };
}

}  // namespace

Command PinUnlatchCommand() {
  return {.group = "pin",
          .name = "unlatch",
          .summary = "Let a PIN that was refused be sent once more, after the PIN source has been put right",
          .example = "rootkeep pin unlatch --config /etc/rootkeep/rootkeepd.yaml --token ca",
          .declare = Declare};
}

}  // namespace rootkeep::cli
