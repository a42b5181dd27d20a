// The oldest firmware that a policy takes of each manufacturer, because of holes in what came before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keystore/base/result.h"

namespace rootkeep::attestation {

struct FirmwareMinimum {
  std::string manufacturer;   // as in endorsement certificates: "id:49465800"
  std::uint64_t version = 0;  // TPM2_PT_FIRMWARE_VERSION_1 and _2, as the TPM signs it
};

// `version` was signed by a TPM of `manufacturer`, which is empty when no certificate vouches for one. Without minimums
// all firmware is taken; with any, a manufacturer that has none is denied. PERMISSION_DENIED "firmware_unlisted" or
// "firmware_old".
Status CheckFirmware(const std::vector<FirmwareMinimum>& minimums, const std::string& manufacturer,
                     std::uint64_t version);

}  // namespace rootkeep::attestation
