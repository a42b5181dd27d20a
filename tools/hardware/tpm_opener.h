// Opens the TPMs that a configuration names. Apart from the rest, because only programs that may link tss2 do.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "keystore/tpm2/store_options.h"
#include "keystore/tpm2/tpm.h"
#include "tools/config/config.h"

namespace rootkeep {

// Used by one thread until all are open; thread-safe from then on.
class TpmOpener {
 public:
  // What attestation works with, beside the keys.
  struct Opened {
    std::shared_ptr<tpm2::Tpm> tpm;
    tpm2::StoreOptions options;
  };

  // For TokenSurroundings::open_tpm: token.tpm is set. Makes its directory, in one that may have to be made too, and
  // does not ask the TPM anything.
  Result<std::shared_ptr<KeyStore>> Open(const config::Token& token);

  // A token that was opened.
  [[nodiscard]] const Opened& at(const std::string& name) const { return opened_.at(name); }

 private:
  std::map<std::string, Opened> opened_;
};

}  // namespace rootkeep
