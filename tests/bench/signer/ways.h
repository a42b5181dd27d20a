// The ways in which the key of a RawToken is opened as a Signer: what is measured against the bare module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keystore/key_store.h"
#include "tests/bench/floor/raw_token.h"

namespace rootkeep::bench {

// A store that stays open with its signer.
struct OpenedKey {
  std::shared_ptr<KeyStore> store;
  std::shared_ptr<const Signer> signer;
};

// The names that OpenKey knows, the baseline first; a new one is a row of the table in ways.cc.
std::vector<std::string> WayNames();

// The token's key through the store called `way`, which may use up to `sessions` sessions.
Result<OpenedKey> OpenKey(const std::string& way, RawToken& token, unsigned sessions);

}  // namespace rootkeep::bench
