#include "tests/e2e/outside_root.h"

#include <openssl/pem.h>

#include <cstdlib>
#include <ctime>

namespace rootkeep::testing {
namespace {

void Require(bool ok) {
  if (!ok) std::abort();
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr);
  Require(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

std::string OutsideRoot::Certify(const std::string& csr_pem, const OutsideTerms& terms) const {
  const ossl::Bio in(BIO_new_mem_buf(csr_pem.data(), static_cast<int>(csr_pem.size())));
  const ossl::CertReq csr(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
  Require(csr != nullptr && X509_REQ_verify(csr.get(), X509_REQ_get0_pubkey(csr.get())) == 1);
  const ossl::Cert certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), std::time(nullptr));
  X509_gmtime_adj(X509_getm_notBefore(x), terms.from_now);
  X509_gmtime_adj(X509_getm_notAfter(x), terms.until_from_now);
  X509_set_subject_name(x, X509_REQ_get_subject_name(csr.get()));
  X509_set_issuer_name(x, X509_get_subject_name(root_.cert.get()));
  X509_set_pubkey(x, X509_REQ_get0_pubkey(csr.get()));
  Extend(x, root_.cert.get(), NID_basic_constraints, terms.basic_constraints);
  Extend(x, root_.cert.get(), NID_key_usage, terms.key_usage);
  Extend(x, root_.cert.get(), NID_subject_key_identifier, terms.subject_key_id);
  Require(X509_sign(x, root_.key.get(), EVP_sha256()) != 0);
  const ossl::Bio out(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(out.get(), x) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace rootkeep::testing
