#include "tests/support/test_certificate.h"

#include <openssl/pem.h>

#include <cstdlib>

#include "tests/support/software_key.h"

namespace rootkeep::testing {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

void AddExtension(X509* cert, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
  const ossl::Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str()));
  Require(extension != nullptr && X509_add_ext(cert, extension.get(), -1) == 1);
}

std::string TakeText(BIO* bio) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Bytes Identity::Der() const {
  unsigned char* der = nullptr;
  const int length = i2d_X509(cert.get(), &der);
  Require(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

std::string Identity::CertificatePem() const {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(bio.get(), cert.get()) == 1);
  return TakeText(bio.get());
}

std::string Identity::KeyPem() const {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return TakeText(bio.get());
}

Identity MakeIdentity(const CertificateShape& shape, const Identity* issuer) {
  return MakeIdentityWithKey(MakeKey("P-256"), shape, issuer);
}

Identity MakeIdentityWithKey(ossl::PKey key, const CertificateShape& shape, const Identity* issuer) {
  Identity made{std::move(key), ossl::Cert(X509_new())};
  X509* cert = made.cert.get();
  X509* signer = issuer == nullptr ? cert : issuer->cert.get();
  EVP_PKEY* signing_key = issuer == nullptr ? made.key.get() : issuer->key.get();
  X509_set_version(cert, X509_VERSION_3);
  const ossl::BigNum serial(BN_new());
  Require(BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  Require(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(cert)) != nullptr);
  ASN1_TIME_set(X509_getm_notBefore(cert), shape.not_before);
  ASN1_TIME_set(X509_getm_notAfter(cert), shape.not_after);
  if (!shape.common_name.empty()) {
    Require(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>(shape.common_name.c_str()), -1, -1,
                                       0) == 1);
  }
  X509_set_issuer_name(cert, X509_get_subject_name(signer));
  X509_set_pubkey(cert, made.key.get());
  AddExtension(cert, signer, NID_basic_constraints, shape.basic_constraints);
  AddExtension(cert, signer, NID_key_usage, shape.key_usage);
  AddExtension(cert, signer, NID_ext_key_usage, shape.extended_key_usage);
  AddExtension(cert, signer, NID_subject_alt_name, shape.san);
  AddExtension(cert, signer, NID_subject_key_identifier, shape.subject_key_id);
  Require(X509_sign(cert, signing_key, EVP_get_digestbyname(shape.digest.c_str())) > 0);
  return made;
}

CertificateShape RootShape(const std::string& common_name) {
  return {.common_name = common_name,
          .basic_constraints = "critical,CA:TRUE",
          .key_usage = "critical,keyCertSign,cRLSign",
          .extended_key_usage = "",
          .subject_key_id = "hash"};
}

Identity MakeCa(const std::string& common_name) { return MakeIdentity(RootShape(common_name)); }

}  // namespace rootkeep::testing
