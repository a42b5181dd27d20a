// How a TPM is reached, as configurations say it.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"

namespace rootkeep::tpm2 {

// "device:/dev/tpmrm0": the name of one of tss2's TCTIs, and what that one is told.
struct TctiName {
  std::string name;  // device, tabrmd, swtpm or mssim
  std::string conf;  // not empty
};

// INVALID_ARGUMENT for anything else: tss2's default would take whatever answers, a simulator too, and its loader opens
// any library by path.
Result<TctiName> ParseTcti(std::string_view text);

}  // namespace rootkeep::tpm2
