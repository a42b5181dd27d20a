// Any octets as a node's certificate request: no crash, and what is taken is one whole request that OpenSSL too takes
// as signed by the key in it.
#include <cstdlib>

#include "attestation/verifier/csr_proof.h"
#include "attestation/verifier/reasons.h"
#include "keystore/base/openssl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep;
  using namespace rootkeep::attestation;
  const ByteView csr(data, size);
  // The key that it is for, so that the check goes to its end.
  const unsigned char* at = data;
  const ossl::CertReq request(d2i_X509_REQ(nullptr, &at, static_cast<long>(size)));  // NOLINT(google-runtime-int)
  Bytes spki;
  if (request != nullptr) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request.get()), &der);
    if (length > 0) spki.assign(der, der + length);
    OPENSSL_free(der);
  }
  ossl::ClearErrors();
  const Status taken = CheckCsr(csr, spki);
  if (!taken.ok()) {
    if (InWords(taken.error().reason()) == taken.error().reason()) std::abort();
    return 0;
  }
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (at != data + size || key == nullptr || X509_REQ_verify(request.get(), key) != 1) std::abort();
  if (CheckCsr(csr, Bytes(spki.size()))) std::abort();
  return 0;
}
