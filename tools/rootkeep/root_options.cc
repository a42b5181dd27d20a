#include "tools/rootkeep/root_options.h"

namespace rootkeep::cli {

void DeclareRootOptions(Options& options, RootOptionsGiven& into) {
  options.Required("--socket", into.socket, "rootkeepd's local socket for a caller with a role (api_callers)")
      .Flag("--json", into.json, "Print JSON");
}

void DeclareRootChange(Options& options, RootOptionsGiven& into) {
  DeclareRootOptions(options, into);
  options.Text("--reason", into.reason, "Why, for the history");
}

Result<std::unique_ptr<RootClient>> ConnectToRoots(const RootOptionsGiven& given) {
  return RootClient::Make({.socket = given.socket});
}

}  // namespace rootkeep::cli
