// From an authority's configuration, its files and its token to an Authority that can sign.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "signer/authority/authority.h"
#include "tools/config/config.h"
#include "tools/hardware/key_watch.h"

namespace rootkeep {

// Where the daemon looks, and what it demands.
struct AuthorityTerms {
  std::string state_directory;
  bool production = false;

  friend bool operator==(const AuthorityTerms&, const AuthorityTerms&) = default;
};

// Reads chain and bundle, opens the key, holds its custody facts against the configuration (the key's use must be
// rootkeep-ca), asks `keys` whether it may be used and checks key, chain and bundle against each other. UNAVAILABLE or
// NOT_FOUND "key" while token or key is away; anything else is a fault that an operator must mend, worded as the step
// that failed.
Result<std::shared_ptr<const Authority>> LoadAuthority(const config::Authority& config, const AuthorityTerms& terms,
                                                       KeyStore& token, const KeyWatch& keys, WallTime now);

// Whether the error may pass by itself, so that the daemon starts and keeps trying.
bool MayPass(const Error& error);

}  // namespace rootkeep
