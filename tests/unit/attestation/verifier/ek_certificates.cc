#include "tests/unit/attestation/verifier/ek_certificates.h"

#include <openssl/conf.h>

#include <cstdlib>

namespace rootkeep::testing {
namespace {

using Conf = ossl::Owned<CONF, NCONF_free>;

void Require(bool ok) {
  if (!ok) std::abort();
}

Conf Parse(const std::string& text) {
  const ossl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Conf conf(NCONF_new(nullptr));
  Require(NCONF_load_bio(conf.get(), bio.get(), nullptr) == 1);
  return conf;
}

std::string Critical(bool critical) { return critical ? "critical," : ""; }

// Sections that the extensions below name.
std::string Sections(const EkCertificateShape& shape) {
  std::string text = "[names]\n";
  // OpenSSL cuts names at the first dot, so that one may be there twice.
  for (std::size_t i = 0; i < shape.names.size(); ++i) {
    text += std::to_string(i) + "." + shape.names[i].first + "=" + shape.names[i].second + "\n";
  }
  // AttributeSet: one attribute, one value, a SEQUENCE of family, level and revision.
  text += "[attributes]\na=" + shape.attribute +
          "\n[attribute]\noid=OID:2.23.133.2.16\nvalues=SET:values\n[values]\nv=" + shape.attribute_value +
          "\n[specification]\nfamily=UTF8String:" + shape.specification + "\nlevel=INTEGER:0\n";
  if (!shape.revision.empty()) text += "revision=INTEGER:" + shape.revision + "\n";
  return text;
}

void Add(X509* cert, const Identity& issuer, CONF* conf, const char* name, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer.cert.get(), cert, nullptr, nullptr, 0);
  X509V3_set_nconf(&ctx, conf);
  const ossl::Owned<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_nconf(conf, &ctx, name, value.c_str()));
  Require(extension != nullptr && X509_add_ext(cert, extension.get(), -1) == 1);
}

}  // namespace

Bytes MakeEkCertificate(const EkCertificateShape& shape, EVP_PKEY* key, const Identity& issuer) {
  const ossl::Cert owner(X509_new());
  X509* cert = owner.get();
  X509_set_version(cert, shape.version);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), shape.serial);
  ASN1_TIME_set(X509_getm_notBefore(cert), shape.not_before);
  ASN1_TIME_set(X509_getm_notAfter(cert), shape.not_after);
  if (!shape.common_name.empty()) {
    Require(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>(shape.common_name.c_str()), -1, -1,
                                       0) == 1);
  }
  X509_set_issuer_name(cert, X509_get_subject_name(issuer.cert.get()));
  X509_set_pubkey(cert, key);
  const Conf conf = Parse(Sections(shape));
  Add(cert, issuer, conf.get(), "basicConstraints", shape.basic_constraints);
  Add(cert, issuer, conf.get(), "keyUsage", shape.key_usage);
  Add(cert, issuer, conf.get(), "extendedKeyUsage", shape.extended_key_usage);
  if (!shape.names.empty()) {
    Add(cert, issuer, conf.get(), "subjectAltName", Critical(shape.names_critical) + "dirName:names");
  }
  if (!shape.specification.empty()) {
    Add(cert, issuer, conf.get(), "2.5.29.9", Critical(shape.specification_critical) + "ASN1:SEQUENCE:attributes");
  }
  if (!shape.unknown_critical.empty()) {
    Add(cert, issuer, conf.get(), shape.unknown_critical.c_str(), "critical,ASN1:NULL");
  }
  Require(X509_sign(cert, issuer.key.get(), EVP_get_digestbyname(shape.md)) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(cert, &der);
  Require(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace rootkeep::testing
