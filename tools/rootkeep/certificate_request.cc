#include "tools/rootkeep/certificate_request.h"

#include "keystore/base/file.h"
#include "tools/request/answer.h"
#include "tools/request/csr.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {

Result<ObtainedCertificate> Obtain(const IstioClient& client, const RequestPlan& plan) {
  ObtainedCertificate obtained;
  ossl::PKey fresh;
  const EVP_PKEY* key = nullptr;
  std::string csr = plan.csr_pem;
  if (plan.signer != nullptr) {
    key = plan.signer->public_key().pkey();
    RK_TRY(csr, MakeLeafCsr(*plan.signer, plan.names, After(kTokenDeadline)));
  } else if (csr.empty()) {
    RK_TRY(fresh, MakeSoftwareKey(plan.key_type));
    key = fresh.get();
    RK_TRY(csr, MakeSoftwareCsr(fresh.get(), plan.names));
    RK_TRY(obtained.key_pem, PrivateKeyPem(fresh.get()));
  }
  RK_TRY(const IstioClient::Answer answer, client.CreateCertificate(csr, plan.ttl_seconds, plan.impersonated));
  RK_TRY(IssuedCertificate issued, ReadAnswer(answer.cert_chain, key, std::chrono::system_clock::now()));
  obtained.chain_pem = std::move(issued.chain_pem);
  obtained.bundle_pem = std::move(issued.bundle_pem);
  obtained.request_id = answer.request_id;
  obtained.attempts = answer.attempts;
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
