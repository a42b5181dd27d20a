#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/pin_token.h"

namespace rootkeep::cli {
namespace {

struct Asked {
  TokenOptions token;
  bool json = false;
};

std::string RecordText(const std::optional<pkcs11::PinRecord>& record) {
  if (!record) return "nothing against the PIN";
  if (record->refused) return "refused: " + record->detail;
  return fmt::format("in doubt after {} logins without the token's word on it{}: {}", record->doubtful,
                     record->latched() ? ", not sent again" : "", record->detail);
}

Status Check(const Asked& asked) {
  RK_TRY(const PinToken token, FindPinToken(asked.token, pkcs11::PinSender::kProgram));
  const auto record = token.record->Find(token.device);
  const std::string on_record = record.ok() ? RecordText(*record) : record.error().ToString();
  Status tried = TryPin(token, token.place.pin);
  if (asked.json) {
    PrintJson({{"token", token.device.label},
               {"serial", token.device.serial},
               {"on_record", on_record},
               {"accepted", tried.ok()}});
  } else {
    PrintLine("token      " + TokenText(token.device));
    PrintLine("on record  " + on_record);
    PrintLine(std::string("PIN        ") + (tried.ok() ? "accepted" : "not accepted"));
  }
  return tried;
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Flag("--json", asked->json, "Print JSON");
  return [asked] { return Check(*asked); };
}

}  // namespace

Command PinCheckCommand() {
  return {.group = "pin",
          .name = "check",
          .summary = "Whether a token takes its PIN; one that it refused before is not sent again",
          .example = "rootkeep pin check --config /etc/rootkeep/rootkeepd.yaml --token ca",
          .declare = Declare};
}

}  // namespace rootkeep::cli
