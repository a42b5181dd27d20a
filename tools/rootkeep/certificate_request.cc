#include "tools/rootkeep/certificate_request.h"

#include <fmt/format.h>

#include <span>

#include "keystore/base/file.h"
#include "signer/authority/certificates.h"

namespace rootkeep::cli {
namespace {

std::string JoinPem(std::span<const std::string> elements) {
  std::string pem;
  for (const std::string& element : elements) {
    pem += element;
    if (!pem.empty() && pem.back() != '\n') pem += '\n';
  }
  return pem;
}

Error Unusable(const Error& error) {
  return Error(Code::kDataLoss, "the server's answer cannot be used: " + error.message());
}

// The leaf over the rest of its chain to one of the roots (X509_verify_cert).
Status VerifyChain(const Certificates& chain, const Certificates& roots) {
  const ossl::Store store(X509_STORE_new());
  for (const ossl::Cert& root : roots) X509_STORE_add_cert(store.get(), root.get());
  const ossl::Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }> others(sk_X509_new_null());
  for (const ossl::Cert& certificate : chain) sk_X509_push(others.get(), certificate.get());
  const ossl::StoreCtx context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), others.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "X509_STORE_CTX_init");
  }
  if (X509_verify_cert(context.get()) == 1) return Ok();
  return FailedPrecondition(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

// Clients of istiod check nothing of this; whoever uses these files later would find out too late.
Status CheckAnswer(const ObtainedCertificate& obtained, const EVP_PKEY* key) {
  const auto chain = ParseCertificates(obtained.chain_pem);
  if (!chain.ok()) return Unusable(chain.error());
  const auto roots = ParseCertificates(obtained.bundle_pem);
  if (!roots.ok()) return Unusable(roots.error());
  const Status verified = VerifyChain(*chain, *roots);
  if (!verified.ok()) return Unusable(verified.error());
  if (key != nullptr && EVP_PKEY_eq(X509_get0_pubkey(chain->front().get()), key) != 1) {
    return Unusable(Internal("the certificate is for another key"));
  }
  return Ok();
}

}  // namespace

Result<ObtainedCertificate> Obtain(const IstioClient& client, const RequestPlan& plan) {
  ObtainedCertificate obtained;
  ossl::PKey key;
  std::string csr = plan.csr_pem;
  if (csr.empty()) {
    RK_TRY(key, MakeSoftwareKey(plan.key_type));
    RK_TRY(csr, MakeSoftwareCsr(key.get(), plan.names));
    RK_TRY(obtained.key_pem, PrivateKeyPem(key.get()));
  }
  RK_TRY(const IstioClient::Answer answer, client.CreateCertificate(csr, plan.ttl_seconds, plan.impersonated));
  obtained.chain_pem = JoinPem(std::span(answer.cert_chain).first(answer.cert_chain.size() - 1));
  obtained.bundle_pem = JoinPem(std::span(answer.cert_chain).last(1));
  obtained.request_id = answer.request_id;
  obtained.attempts = answer.attempts;
  RK_RETURN_IF_ERROR(CheckAnswer(obtained, key.get()));
  return obtained;
}

Status WriteCertificateFiles(const ObtainedCertificate& obtained, const std::string& directory) {
  RK_RETURN_IF_ERROR(MakeDirectory(directory, 0700));
  if (!obtained.key_pem.empty()) {
    RK_RETURN_IF_ERROR(WriteFileAtomically(directory + "/key.pem", AsText(obtained.key_pem.RevealForUse()), 0600));
  }
  RK_RETURN_IF_ERROR(WriteFileAtomically(directory + "/cert-chain.pem", obtained.chain_pem, 0644));
  return WriteFileAtomically(directory + "/root-cert.pem", obtained.bundle_pem, 0644);
}

}  // namespace rootkeep::cli
