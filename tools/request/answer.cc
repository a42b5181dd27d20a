#include "tools/request/answer.h"

#include "signer/authority/certificates.h"

namespace rootkeep {
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
Status VerifyChain(const Certificates& chain, const Certificates& roots, WallTime now) {
  const ossl::Store store(X509_STORE_new());
  for (const ossl::Cert& root : roots) X509_STORE_add_cert(store.get(), root.get());
  const ossl::Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }> others(sk_X509_new_null());
  for (const ossl::Cert& certificate : chain) sk_X509_push(others.get(), certificate.get());
  const ossl::StoreCtx context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), others.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "X509_STORE_CTX_init");
  }
  X509_STORE_CTX_set_time(context.get(), 0, ToUnixSeconds(now));
  if (X509_verify_cert(context.get()) == 1) return Ok();
  ossl::ClearErrors();
  return FailedPrecondition(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

}  // namespace

Result<IssuedCertificate> CheckIssued(std::string chain_pem, std::string bundle_pem, const EVP_PKEY* key,
                                      WallTime now) {
  const auto chain = ParseCertificates(chain_pem);
  if (!chain.ok()) return Unusable(chain.error());
  const auto roots = ParseCertificates(bundle_pem);
  if (!roots.ok()) return Unusable(roots.error());
  X509* leaf = chain->front().get();
  const Status verified = VerifyChain(*chain, *roots, now);
  if (!verified.ok()) return Unusable(verified.error());
  if (key != nullptr && EVP_PKEY_eq(X509_get0_pubkey(leaf), key) != 1) {
    ossl::ClearErrors();
    return Unusable(Internal("the certificate is for another key"));
  }
  return IssuedCertificate{.chain_pem = std::move(chain_pem),
                           .bundle_pem = std::move(bundle_pem),
                           .not_before = NotBeforeOf(leaf),
                           .not_after = NotAfterOf(leaf)};
}

Result<IssuedCertificate> ReadAnswer(std::span<const std::string> elements, const EVP_PKEY* key, WallTime now) {
  return CheckIssued(JoinPem(elements.first(elements.size() - 1)), JoinPem(elements.last(1)), key, now);
}

}  // namespace rootkeep
