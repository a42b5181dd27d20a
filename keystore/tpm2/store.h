// The TPM 2.0 backend: one TPM, and the files of its keys, as a KeyStore.
#pragma once

#include <memory>

#include "keystore/key_store.h"
#include "keystore/tpm2/store_options.h"
#include "keystore/tpm2/tpm.h"

namespace rootkeep::tpm2 {

// Touches neither the TPM nor the files, so it succeeds while the TPM is away. It has a HealthProbe, and a
// KeyDeleter that removes a key's files: whoever has a copy of them can go on with that key in this TPM. It refuses
// persistent keys (UNIMPLEMENTED). Types: P-256, P-384, RSA-2048 and RSA-3072 where the TPM has them. INVALID_ARGUMENT
// when the name is empty or the directory not absolute. `hsm-backup` custody is refused: nothing wraps a key of a TPM.
Result<std::shared_ptr<KeyStore>> OpenStore(std::shared_ptr<Tpm> tpm, StoreOptions options);

}  // namespace rootkeep::tpm2
