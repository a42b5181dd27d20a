// Any octets as the public area of a TPM key: read strictly, and if it is a key, it is one to OpenSSL too.
#include "attestation/wire/public_area.h"
#include "attestation/wire/public_key.h"
#include "tests/fuzz/tpm_structure.h"
#include "tests/support/tss_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  using namespace rootkeep::attestation;
  const ByteView octets(data, size);
  if (!IsReadStrictly(octets, &ParsePublicArea, &testing::TssPublicArea)) return 0;
  const PublicArea area = ParsePublicArea(octets).value();
  Require(Name(area).value().size() == 2 + HashSize(area.name_alg));
  const Result<Bytes> spki = SpkiOf(area);
  if (!spki.ok()) {
    Require(spki.error().reason() == kReasonStructure);
    return 0;
  }
  const unsigned char* at = spki->data();
  const ossl::PKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki->size())));  // NOLINT(google-runtime-int)
  Require(key != nullptr && EVP_PKEY_eq(key.get(), ToPKey(area).value().get()) == 1);
  return 0;
}
