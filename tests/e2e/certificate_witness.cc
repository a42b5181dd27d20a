#include "tests/e2e/certificate_witness.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

#include "keystore/base/openssl.h"

namespace rootkeep::testing {
namespace {

void FreeStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }

// By OpenSSL's strict rules, at this time.
Status CheckSignatures(X509* certificate, const Certificates& others, const Certificates& roots) {
  const ossl::Store store(X509_STORE_new());
  for (const ossl::Cert& root : roots) X509_STORE_add_cert(store.get(), root.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT);
  const ossl::Owned<STACK_OF(X509), FreeStack> untrusted(sk_X509_new_null());
  for (const ossl::Cert& other : others) sk_X509_push(untrusted.get(), other.get());
  const ossl::StoreCtx context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate, untrusted.get());
  if (X509_verify_cert(context.get()) == 1) return Ok();
  return FailedPrecondition(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

bool HasOnlyUri(X509* certificate, const std::string& uri) {
  const ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr || sk_GENERAL_NAME_num(names.get()) != 1) return false;
  const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_URI) return false;
  const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
  return AsText(ByteView(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)))) == uri;
}

bool IsForKeyOf(X509* certificate, const std::string& csr_pem) {
  const ossl::Bio bio(BIO_new_mem_buf(csr_pem.data(), static_cast<int>(csr_pem.size())));
  const ossl::CertReq request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  return request != nullptr && EVP_PKEY_eq(X509_get0_pubkey(certificate), X509_REQ_get0_pubkey(request.get())) == 1;
}

std::string SerialOf(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  return ToHex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

}  // namespace

CertificateWitness::CertificateWitness(const std::string& root_pem) {
  auto roots = ParseCertificates(root_pem);
  if (!roots.ok()) {
    std::fprintf(stderr, "CertificateWitness: %s\n", roots.error().ToString().c_str());
    std::abort();
  }
  roots_ = std::move(*roots);
}

Status CertificateWitness::See(const IstioClient::Answer& answer, const std::string& csr_pem, const std::string& uri) {
  ++seen_;
  RK_TRY(const Certificates leaf, ParseCertificates(answer.cert_chain.front()));
  std::string above;
  for (std::size_t i = 1; i + 1 < answer.cert_chain.size(); ++i) above += answer.cert_chain[i];
  RK_TRY(const Certificates others, ParseCertificates(above));
  X509* const certificate = leaf.front().get();
  RK_RETURN_IF_ERROR(CheckSignatures(certificate, others, roots_));
  if (!IsForKeyOf(certificate, csr_pem)) return FailedPrecondition("it is for another key than was asked for");
  if (!HasOnlyUri(certificate, uri)) return FailedPrecondition("it is not for " + uri);
  const std::string serial = SerialOf(certificate);
  const MutexLock lock(mutex_);
  if (serials_.insert(serial).second) return Ok();
  return FailedPrecondition("serial " + serial + " came twice");
}

}  // namespace rootkeep::testing
