// Any octets as a signature of a TPM.
#include "attestation/wire/signature.h"
#include "tests/fuzz/tpm_structure.h"
#include "tests/support/tss_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  attestation::IsReadStrictly(ByteView(data, size), &attestation::ParseSignature, &testing::TssSignature);
  return 0;
}
