// Structures as a TPM simulator writes them.
#pragma once

#include <vector>

#include "keystore/base/bytes.h"

namespace rootkeep::testing {

struct TpmSamples {
  std::vector<Bytes> public_areas;
  std::vector<Bytes> names;    // of the same keys, as the TPM says
  std::vector<Bytes> attests;  // quotes, certifications, a creation, a time
  std::vector<Bytes> signatures;
};

// By every kind of key that the fixtures know: three EKs, SRK, AKs of three schemes, a node key. Aborts the test
// program when the TPM refuses something.
TpmSamples MakeTpmSamples();

}  // namespace rootkeep::testing
