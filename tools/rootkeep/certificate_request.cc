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

// Clients of istiod check nothing of this; whoever uses these files later would find out too late.
Status CheckAnswer(const ObtainedCertificate& obtained, const EVP_PKEY* key) {
  const auto chain = ParseCertificates(obtained.chain_pem);
  if (!chain.ok()) return Unusable(chain.error());
  const auto roots = ParseCertificates(obtained.bundle_pem);
  if (!roots.ok()) return Unusable(roots.error());
  X509* leaf = chain->front().get();
  const Status verified = CheckChain(leaf, std::span(*chain).subspan(1), *roots, std::chrono::system_clock::now());
  if (!verified.ok()) return Unusable(verified.error());
  if (key != nullptr && EVP_PKEY_eq(X509_get0_pubkey(leaf), key) != 1) {
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
