#include "tests/unit/attestation/verifier/ek_certificates.h"

#include <openssl/conf.h>

#include <array>
#include <cstdlib>
#include <functional>

namespace rootkeep::testing {
namespace {

using Conf = ossl::Owned<CONF, NCONF_free>;
using Extension = ossl::Owned<X509_EXTENSION, X509_EXTENSION_free>;

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
  text += "[attributes]\n" + std::string(shape.other_attributes ? "b=SEQUENCE:other\n" : "") + "a=" + shape.attribute +
          "\n[other]\noid=OID:2.5.4.52\nvalues=SET:nothing\n[nothing]\nn=NULL\n[attribute]\noid=OID:2.23.133.2."
          "16\nvalues=SET:values\n[values]\nv=" +
          shape.attribute_value + "\n[specification]\nfamily=UTF8String:" + shape.specification + "\nlevel=INTEGER:0\n";
  if (!shape.revision.empty()) text += "revision=INTEGER:" + shape.revision + "\n";
  text +=
      "[policy]\npolicyIdentifier=1.2.3.4\nCPS.1=http://test/policy\nuserNotice.1=@notice\n[notice]\n"
      "explicitText=for endorsement\n";
  return text;
}

// With the DEFAULT of its `critical` written out. Of less than 125 octets, and not critical.
void EncodeFalse(Extension& extension) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_EXTENSION(extension.get(), &der);
  Require(size > 4);
  Bytes octets(der, der + size);
  OPENSSL_free(der);
  constexpr std::array<std::uint8_t, 3> kFalse{V_ASN1_BOOLEAN, 1, 0};
  const auto behind_oid = octets.begin() + 4 + octets[3];
  octets.insert(behind_oid, kFalse.begin(), kFalse.end());
  octets[1] += kFalse.size();
  const unsigned char* at = octets.data();
  extension.reset(d2i_X509_EXTENSION(nullptr, &at, static_cast<long>(octets.size())));  // NOLINT(google-runtime-int)
}

void Append(X509_EXTENSION* extension, const Bytes& octets) {
  const ossl::Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> data(
      ASN1_OCTET_STRING_dup(X509_EXTENSION_get_data(extension)));
  const ByteView present(ASN1_STRING_get0_data(data.get()), static_cast<std::size_t>(ASN1_STRING_length(data.get())));
  Bytes all = ToBytes(present);
  all.insert(all.end(), octets.begin(), octets.end());
  Require(ASN1_OCTET_STRING_set(data.get(), all.data(), static_cast<int>(all.size())) == 1);
  Require(X509_EXTENSION_set_data(extension, data.get()) == 1);
}

void SetName(int (*set)(X509*, const X509_NAME*), X509* cert, const Bytes& der) {
  const unsigned char* at = der.data();
  const ossl::Owned<X509_NAME, X509_NAME_free> name(
      d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  Require(name != nullptr && set(cert, name.get()) == 1);
}

void NameRsaesOaep(X509* cert) {
  X509_ALGOR* algorithm = nullptr;
  Require(X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm, X509_get_X509_PUBKEY(cert)) == 1);
  Require(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_UNDEF, nullptr) == 1);
}

// `change` is made to it before.
void Add(X509* cert, const Identity& issuer, CONF* conf, const char* name, const std::string& value,
         const std::function<void(Extension&)>& change = {}) {
  if (value.empty()) return;
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer.cert.get(), cert, nullptr, nullptr, 0);
  X509V3_set_nconf(&ctx, conf);
  Extension extension(X509V3_EXT_nconf(conf, &ctx, name, value.c_str()));
  Require(extension != nullptr);
  if (change) change(extension);
  Require(X509_add_ext(cert, extension.get(), -1) == 1);
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
  if (!shape.subject.empty()) SetName(&X509_set_subject_name, cert, shape.subject);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer.cert.get()));
  if (!shape.issuer.empty()) SetName(&X509_set_issuer_name, cert, shape.issuer);
  X509_set_pubkey(cert, key);
  if (shape.rsaes_oaep) NameRsaesOaep(cert);
  const Conf conf = Parse(Sections(shape));
  Add(cert, issuer, conf.get(), "basicConstraints", shape.basic_constraints);
  Add(cert, issuer, conf.get(), "keyUsage", shape.key_usage, [&](Extension& extension) {
    if (shape.encodes_false) EncodeFalse(extension);
  });
  Add(cert, issuer, conf.get(), "extendedKeyUsage", shape.extended_key_usage);
  if (!shape.names.empty()) {
    Add(cert, issuer, conf.get(), "subjectAltName", Critical(shape.names_critical) + "dirName:names");
  }
  if (!shape.specification.empty()) {
    Add(cert, issuer, conf.get(), "2.5.29.9", Critical(shape.specification_critical) + "ASN1:SEQUENCE:attributes",
        [&](Extension& extension) { Append(extension.get(), shape.behind_attributes); });
  }
  Add(cert, issuer, conf.get(), "certificatePolicies", shape.certificate_policies);
  Add(cert, issuer, conf.get(), "subjectKeyIdentifier", shape.subject_key_id);
  Add(cert, issuer, conf.get(), "authorityKeyIdentifier", shape.authority_key_id);
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
