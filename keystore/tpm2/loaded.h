// What a connection has in the TPM, for whoever has to clear it away.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <vector>

namespace rootkeep::tpm2 {

// Which start of the TPM it is: objects and sessions do not outlive it (TPMS_CLOCK_INFO).
struct TpmBoot {
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  friend bool operator==(const TpmBoot&, const TpmBoot&) = default;
};

struct Loaded {
  TpmBoot boot;
  std::vector<TPM2_HANDLE> handles;  // of objects and sessions
};

}  // namespace rootkeep::tpm2
