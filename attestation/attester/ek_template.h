// How endorsement keys are made (TCG EK Credential Profile 2.5, annex B), and where TPMs keep what belongs to them.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::attestation {

struct EkTemplate {
  std::string_view name;           // "L-1" to "H-7", as the profile calls it
  std::string_view key;            // for people
  TPM2_HANDLE certificate = 0;     // NV index of the certificate
  TPM2_HANDLE nonce = 0;           // of what goes into `unique` instead of zeros; 0 where there is no such index
  TPM2_HANDLE other_template = 0;  // of the template that this TPM's EK was made from, where it is another one
  TPMT_PUBLIC area{};              // the template, with `unique` as the profile says
};

// Those whose keys the service takes (all but SM2), in the order in which they are preferred: a key on a curve is made,
// and activates, in a fraction of the time that an RSA key takes. The order decides by which key a node is known, so it
// never changes.
std::span<const EkTemplate> EkTemplates();

// Those of `name`, or all for an empty one. INVALID_ARGUMENT, with the names there are, for an unknown name.
Result<std::span<const EkTemplate>> EkTemplatesNamed(std::string_view name);

// NV indices of certificates above the EK's (§2.2.1.4).
inline constexpr TPM2_HANDLE kFirstChainIndex = 0x01C00100;
inline constexpr TPM2_HANDLE kLastChainIndex = 0x01C001FF;

}  // namespace rootkeep::attestation
