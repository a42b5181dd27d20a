// What every `rootkeep root` command is told.
#pragma once

#include <memory>
#include <string>

#include "signer/client/root_client.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

// Removing reads the ledger.
inline constexpr std::chrono::seconds kRootDeadline{60};

struct RootOptionsGiven {
  std::string socket;
  std::string reason;
  bool json = false;
};

// --socket and --json.
void DeclareRootOptions(Options& options, RootOptionsGiven& into);
// For what changes something: --reason too.
void DeclareRootChange(Options& options, RootOptionsGiven& into);

Result<std::unique_ptr<RootClient>> ConnectToRoots(const RootOptionsGiven& given);

// Prints the roots on record, as words or JSON.
Status ReportRoots(const v1::RootList& roots, bool json);

}  // namespace rootkeep::cli
