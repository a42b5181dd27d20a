// Evidence for a key of the key store's, as a client of the istio API shows it.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/tpm2/key_loader.h"

namespace rootkeep {

// That the key with this label is in loader's TPM: a v1::KeyEvidence, for IstioClientOptions::key_evidence. Errors as
// StoreKey::Open and MakeKeyEvidence.
Result<std::string> EvidenceFor(std::shared_ptr<tpm2::KeyLoader> loader, std::string label, Deadline deadline);

}  // namespace rootkeep
