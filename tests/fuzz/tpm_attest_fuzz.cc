// Any octets as what a TPM attests.
#include "attestation/wire/attest.h"
#include "tests/fuzz/tpm_structure.h"
#include "tests/support/tss_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  using namespace rootkeep::attestation;
  const ByteView octets(data, size);
  const Result<Attest> attest = ParseAttest(octets);
  // What follows the header of another type passes unread, and only then does libtss2-mu judge more.
  if (attest.ok() && std::holds_alternative<UnknownInfo>(attest->info)) {
    Require(std::ranges::equal(Encode(*attest), octets));
    return 0;
  }
  IsReadStrictly(octets, &ParseAttest, &testing::TssAttest);
  return 0;
}
