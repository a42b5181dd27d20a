#include "tools/rootkeep/ledger_options.h"

#include "signer/ledger/open_ledger.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {

void DeclareLedgerOptions(Options& options, LedgerOptionsGiven& into) {
  options.Text("--config", into.config, "rootkeepd's configuration, to take the state directory from")
      .Text("--state", into.state, "rootkeepd's state directory");
}

Result<std::unique_ptr<EntryReader>> OpenGivenLedger(const LedgerOptionsGiven& given) {
  if (given.config.empty() == given.state.empty()) return UsageError("give one of --config and --state");
  std::string state = given.state;
  if (state.empty()) {
    RK_TRY(const config::Config config, config::LoadConfig(given.config));
    state = config.state_directory;
  }
  RK_TRY(const store::StateDir directory, store::StateDir::Look(state));
  return OpenLedgerReadOnly(directory.database_path());
}

}  // namespace rootkeep::cli
