// What every `rootkeep root` and `rootkeep jwt-key` command is told.
#pragma once

#include <memory>
#include <string>

#include "signer/client/root_client.h"
#include "tools/rootkeep/options.h"

namespace rootkeep::cli {

inline constexpr std::chrono::seconds kTrustDeadline{30};

struct TrustOptionsGiven {
  std::string socket;
  std::string reason;
  bool json = false;
};

// --socket and --json.
void DeclareTrustOptions(Options& options, TrustOptionsGiven& into);
// For what changes something: --reason too.
void DeclareTrustChange(Options& options, TrustOptionsGiven& into);
// The word that names a root.
void DeclareRootName(Options& options, std::string& into);

Result<std::unique_ptr<RootClient>> ConnectToTrust(const TrustOptionsGiven& given);

// Prints what is on record, as words or JSON.
Status Report(const v1::RootList& roots, bool json);
Status Report(const v1::JwtKeyList& keys, bool json);

}  // namespace rootkeep::cli
