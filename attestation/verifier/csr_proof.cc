#include "attestation/verifier/csr_proof.h"

#include <algorithm>

#include "attestation/verifier/reasons.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {
namespace {

void FreeOctets(unsigned char* octets) { OPENSSL_free(octets); }

bool HasStrongHash(const X509_REQ* request) {
  int md = NID_undef;
  int key = NID_undef;
  if (OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &md, &key) != 1) return false;
  return md == NID_sha256 || md == NID_sha384 || md == NID_sha512;
}

}  // namespace

Status CheckCsr(ByteView csr, ByteView spki) {
  const unsigned char* at = csr.data();
  const ossl::CertReq request(d2i_X509_REQ(nullptr, &at, static_cast<long>(csr.size())));  // NOLINT(google-runtime-int)
  if (request == nullptr || at != csr.data() + csr.size()) {
    ossl::ClearErrors();
    return Failure(reason::kCsrMalformed);
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request.get()), &der);
  const ossl::Owned<unsigned char, FreeOctets> owner(der);
  if (size <= 0 || !std::ranges::equal(ByteView(der, static_cast<std::size_t>(size)), spki)) {
    ossl::ClearErrors();
    return Failure(reason::kCsrKey);
  }
  if (!HasStrongHash(request.get())) return Failure(reason::kCsrProof, "it is signed with a weak hash function");
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  const bool verified = key != nullptr && X509_REQ_verify(request.get(), key) == 1;
  ossl::ClearErrors();
  return verified ? Ok() : Status(Failure(reason::kCsrProof));
}

}  // namespace rootkeep::attestation
