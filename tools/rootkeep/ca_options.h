// Options that the `ca` commands share.
#pragma once

#include <string>

#include "tools/rootkeep/ca_ceremony.h"
#include "tools/rootkeep/options.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {

struct CaOptions {
  TokenOptions token;
  std::string name;
  std::uint32_t generation = 1;
  std::string trust_domain;
  std::string type = "ec-p256";
  std::string custody = "local-only";
  std::uint32_t ttl_days = 365;
  std::uint32_t root_ttl_days = 3650;
  std::uint32_t path_length = 0;
  std::string state;
  bool existing = false;
};

// --name and --generation.
void DeclareCaName(Options& options, CaOptions& into);
// --trust-domain, --type, --custody and --existing: what a new key needs.
void DeclareCaKey(Options& options, CaOptions& into);
// --path-length.
void DeclarePathLength(Options& options, CaOptions& into);
// --state.
void DeclareCaState(Options& options, CaOptions& into);

// INVALID_ARGUMENT for a name or trust domain that cannot be.
Result<CaPlan> PlanOf(const CaOptions& options);

// --state, or the configuration's state directory, made where it is missing. Errors as StateDir::Prepare.
Result<std::string> StateOf(const CaOptions& options);

}  // namespace rootkeep::cli
