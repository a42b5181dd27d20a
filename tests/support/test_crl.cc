#include "tests/support/test_crl.h"

#include <openssl/x509v3.h>

#include <cstdlib>

namespace rootkeep::testing {
namespace {

using Crl = ossl::Owned<X509_CRL, X509_CRL_free>;
using Time = ossl::Owned<ASN1_TIME, ASN1_TIME_free>;

void Require(bool good) {
  if (!good) std::abort();
}

void Revoke(X509_CRL* crl, const Bytes& certificate) {
  const unsigned char* at = certificate.data();
  const ossl::Cert cert(d2i_X509(nullptr, &at, static_cast<long>(certificate.size())));  // NOLINT(google-runtime-int)
  Require(cert != nullptr);
  X509_REVOKED* entry = X509_REVOKED_new();
  const Time when(ASN1_TIME_set(nullptr, 1'000'000'000));
  Require(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert.get())) == 1 &&
          X509_REVOKED_set_revocationDate(entry, when.get()) == 1 && X509_CRL_add0_revoked(crl, entry) == 1);
}

void Number(X509_CRL* crl) {
  const ossl::Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
  Require(ASN1_INTEGER_set(number.get(), 1) == 1 &&
          X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) == 1);
}

}  // namespace

Bytes MakeCrl(const CrlShape& shape, const Identity& issuer) {
  const Crl crl(X509_CRL_new());
  const Time last(ASN1_TIME_set(nullptr, shape.last_update));
  Require(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
          X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.cert.get())) == 1 &&
          X509_CRL_set1_lastUpdate(crl.get(), last.get()) == 1);
  if (shape.next_update != 0) {
    const Time next(ASN1_TIME_set(nullptr, shape.next_update));
    Require(X509_CRL_set1_nextUpdate(crl.get(), next.get()) == 1);
  }
  for (const Bytes& certificate : shape.revoked) Revoke(crl.get(), certificate);
  Number(crl.get());
  if (shape.critical) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_issuing_distribution_point, "critical,onlyuser:TRUE");
    Require(extension != nullptr && X509_CRL_add_ext(crl.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  Require(X509_CRL_sort(crl.get()) == 1 && X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  Require(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace rootkeep::testing
