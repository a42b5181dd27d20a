// NV indices as a TPM maker defines them.
#pragma once

#include "tests/support/esys.h"

namespace rootkeep::testing {

// Defines `index` in the platform's name, readable with an empty auth value, and writes `content`, at most 1024 octets.
// What was there before is replaced.
Status DefineNv(const Esys& esys, TPM2_HANDLE index, ByteView content);
// TPM2_NV_UndefineSpace. NOT_FOUND-like TSS2 codes when it is not there.
Status UndefineNv(const Esys& esys, TPM2_HANDLE index);

}  // namespace rootkeep::testing
