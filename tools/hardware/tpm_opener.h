// Opens the TPMs that a configuration names. Apart from the rest, because only programs that may link tss2 do.
#pragma once

#include <memory>

#include "keystore/key_store.h"
#include "tools/config/config.h"

namespace rootkeep {

// For TokenSurroundings::open_tpm: token.tpm is set. Makes its directory, in one that may have to be made too, and does
// not ask the TPM anything.
Result<std::shared_ptr<KeyStore>> OpenTpm(const config::Token& token);

}  // namespace rootkeep
