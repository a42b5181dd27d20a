#include "tests/support/issuing_authority.h"

#include <openssl/pem.h>

#include <cstdlib>

#include "signer/authority/ca_certificate.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "tests/support/software_key.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {
namespace {

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) {
    fprintf(stderr, "%s\n", result.error().ToString().c_str());
    std::abort();
  }
  return std::move(*result);
}

void FreeStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }

}  // namespace

IssuingAuthority::IssuingAuthority(const std::string& name, const std::string& trust_domain) {
  const WallTime now = SystemClock().Now();
  const Deadline deadline = After(std::chrono::seconds(30));
  const SoftwareSigner root("P-256");
  const Bytes root_der =
      Require(SelfSignRoot(root, {trust_domain, name + " root"}, {RootCaProfile(RootCaLifetime())}, now, deadline));
  signer = std::make_shared<GatedSigner>(std::make_shared<SoftwareSigner>("P-256"));
  const CaSubject subject{trust_domain, name + " issuing"};
  const Csr csr = Require(ParseCsr(Require(MakeCsr(*signer, subject, deadline))));
  const Bytes issuing = Require(
      IssueCaCertificate({root_der, root}, csr, subject, {IssuingCaProfile(IssuingCaLifetime(), 0)}, now, deadline));
  signer->Reset();
  authority = Require(Authority::Make({.name = name,
                                       .trust_domain = trust_domain,
                                       .signer = signer,
                                       .chain_pem = CertificatePem(issuing),
                                       .trust_bundle_pem = CertificatePem(root_der),
                                       .workload_profile = WorkloadProfile({})},
                                      now));
}

std::string MakeCsrPem() {
  const ossl::PKey key = MakeKey("P-256");
  const ossl::CertReq request(X509_REQ_new());
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  X509_REQ_set_pubkey(request.get(), key.get());
  X509_REQ_sign(request.get(), key.get(), EVP_sha256());
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Status VerifyChain(const Issued& issued) {
  RK_TRY(const Certificates leaf, ParseCertificates(issued.leaf_pem));
  RK_TRY(const Certificates roots, ParseCertificates(issued.authority->trust_bundle_pem()));
  const ossl::Store store(X509_STORE_new());
  for (const ossl::Cert& root : roots) X509_STORE_add_cert(store.get(), root.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT);
  std::string pem;
  for (const std::string& element : issued.authority->chain_elements()) pem += element;
  RK_TRY(const Certificates chain, ParseCertificates(pem));
  const ossl::Owned<STACK_OF(X509), FreeStack> untrusted(sk_X509_new_null());
  for (const ossl::Cert& certificate : chain) sk_X509_push(untrusted.get(), certificate.get());
  const ossl::StoreCtx context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.front().get(), untrusted.get());
  if (X509_verify_cert(context.get()) == 1) return Ok();
  return FailedPrecondition(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

}  // namespace rootkeep::testing
