#include "signer/authn/direct_issue.h"

#include <algorithm>

#include "signer/authn/refusal.h"
#include "signer/authn/sha256.h"
#include "signer/authority/certificates.h"

namespace rootkeep {
namespace {

bool IsSignedByAnchor(X509* leaf, const Authority& authority) {
  if (authority.parts().client_anchors_pem.empty()) return false;
  const auto anchors = ParseCertificates(authority.parts().client_anchors_pem);
  return anchors.ok() && std::ranges::any_of(*anchors, [leaf](const ossl::Cert& anchor) {
           return IsSignedBy(leaf, X509_get0_pubkey(anchor.get()));
         });
}

// Whether one of the trust domain's authorities fits; `leaf` is the first certificate of `pem`.
template <typename Fits>
bool AnyAuthority(std::string_view pem, std::string_view trust_domain, const AuthoritySet& authorities,
                  const Fits& fits) {
  const auto leaf = ParseCertificates(pem);
  if (!leaf.ok()) return false;
  const auto all = authorities.All();
  return std::ranges::any_of(all, [&](const auto& authority) {
    return authority->trust_domain() == trust_domain && fits(leaf->front().get(), *authority);
  });
}

bool IsIssuedBy(X509* leaf, const Authority& authority) {
  return IsSignedBy(leaf, authority.signer().public_key().pkey());
}

}  // namespace

bool IsDirectlyIssued(std::string_view pem, std::string_view trust_domain, const AuthoritySet& authorities) {
  return AnyAuthority(pem, trust_domain, authorities, IsIssuedBy);
}

bool DirectIssueAuthenticator::Counts(std::string_view pem, std::string_view trust_domain) const {
  const auto digest = Sha256(AsBytes(pem));
  if (!digest.ok()) return false;
  if (passed_.Find(*digest) != nullptr) return true;
  const bool counts = AnyAuthority(pem, trust_domain, authorities_, [](X509* leaf, const Authority& authority) {
    return IsIssuedBy(leaf, authority) || IsSignedByAnchor(leaf, authority);
  });
  if (counts) passed_.Insert(*digest, std::make_shared<bool>(true));
  return counts;
}

AuthOutcome DirectIssueAuthenticator::Authenticate(const CallContext& call) const {
  AuthOutcome outcome = inner_->Authenticate(call);
  const auto* caller = std::get_if<Caller>(&outcome);
  if (caller == nullptr || caller->method != AuthMethod::kClientCertificate) return outcome;
  if (Counts(call.client_certificate_pem, caller->trust_domain)) return outcome;
  return Refusal(refusal::kCertificateIssuer, "the client certificate was not issued by an authority of ours itself");
}

}  // namespace rootkeep
