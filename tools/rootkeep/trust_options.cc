#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {

void DeclareTrustOptions(Options& options, TrustOptionsGiven& into) {
  options.Required("--socket", into.socket, "rootkeepd's local socket for a caller with a role (api_callers)")
      .Flag("--json", into.json, "Print JSON");
}

void DeclareTrustChange(Options& options, TrustOptionsGiven& into) {
  DeclareTrustOptions(options, into);
  options.Text("--reason", into.reason, "Why, for the history");
}

void DeclareRootName(Options& options, std::string& into) {
  options.Argument("root", into, "Its SubjectKeyIdentifier or fingerprint (SHA-256), hexadecimal");
}

Result<std::unique_ptr<RootClient>> ConnectToTrust(const TrustOptionsGiven& given) {
  return RootClient::Make({.socket = given.socket});
}

}  // namespace rootkeep::cli
