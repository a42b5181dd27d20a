// Where the ledger is.
#pragma once

#include <memory>
#include <string>

#include "signer/ledger/entry_reader.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

struct LedgerOptionsGiven {
  std::string config;
  std::string state;
};

void DeclareLedgerOptions(Options& options, LedgerOptionsGiven& into);

// Opens the state directory's database for reading; the daemon may be running.
Result<std::unique_ptr<EntryReader>> OpenGivenLedger(const LedgerOptionsGiven& given);

}  // namespace rootkeep::cli
