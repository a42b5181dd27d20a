// Any octets as a selection of PCRs.
#include "attestation/wire/pcr.h"
#include "tests/fuzz/tpm_structure.h"
#include "tests/support/tss_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  attestation::IsReadStrictly(ByteView(data, size), &attestation::ParsePcrSelections, &testing::TssPcrSelections);
  return 0;
}
