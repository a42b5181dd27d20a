// What one TPM's store is told.
#pragma once

#include <string>

#include "keystore/tpm2/auth_session.h"

namespace rootkeep::tpm2 {

struct StoreOptions {
  std::string name;       // the TPM's, as the configuration calls it: `token` in URIs
  std::string directory;  // absolute, there already, mode 0700: the pinned storage key and the keys (keystore/NAMES.md)
  SessionMode session = SessionMode::kSalted;
  // New keys have an empty auth value, as programs want that cannot be told one: whoever reaches the TPM and the key
  // file can use them then.
  bool empty_auth = false;
  // Path of a directory of systemd's credentials; empty: none. There "<name>.<key's directory>" is the auth value of a
  // key that has no file `auth`.
  std::string credentials = {};
};

}  // namespace rootkeep::tpm2
