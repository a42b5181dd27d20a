// Any octets as a credential for TPM2_ActivateCredential.
#include "attestation/wire/id_object.h"
#include "tests/fuzz/tpm_structure.h"
#include "tests/support/tss_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  attestation::IsReadStrictly(ByteView(data, size), &attestation::ParseIdObject, &testing::TssIdObject);
  return 0;
}
