#include "signer/authn/direct_issue.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "signer/authn/digest_cache.h"
#include "signer/authn/refusal.h"
#include "signer/authn/sha256.h"
#include "signer/authority/certificates.h"

namespace rootkeep {
namespace {

bool AnyIssued(X509* leaf, std::string_view trust_domain, const AuthoritySet::List& authorities) {
  return std::ranges::any_of(authorities, [&](const auto& authority) {
    return authority->trust_domain() == trust_domain && IsSignedBy(leaf, authority->signer().public_key().pkey());
  });
}

}  // namespace

bool IsDirectlyIssued(std::string_view pem, std::string_view trust_domain, const AuthoritySet& authorities) {
  const auto leaf = ParseCertificates(pem);
  return leaf.ok() && AnyIssued(leaf->front().get(), trust_domain, authorities.All());
}

// Who may have issued a certificate, as the authorities were at one moment, and what was said of some.
class DirectIssueAuthenticator::Issuers {
 public:
  explicit Issuers(AuthoritySet::List authorities) : authorities_(std::move(authorities)) {
    for (const auto& authority : authorities_) {
      auto anchors = ParseCertificates(authority->parts().client_anchors_pem);
      if (anchors.ok()) anchors_.emplace_back(authority->trust_domain(), *std::move(anchors));
    }
  }

  // The very objects: each of them is immutable.
  [[nodiscard]] bool AreOf(const AuthoritySet::List& authorities) const { return authorities_ == authorities; }
  [[nodiscard]] std::size_t cached() const { return passed_.size() + refused_.size(); }

  [[nodiscard]] bool Count(std::string_view pem, std::string_view trust_domain) const {
    const auto digest = Sha256(AsBytes(pem));
    if (!digest.ok()) return false;
    if (passed_.Find(*digest) != nullptr) return true;
    if (refused_.Find(*digest) != nullptr) return false;
    const auto leaf = ParseCertificates(pem);
    const bool counts = leaf.ok() && (AnyIssued(leaf->front().get(), trust_domain, authorities_) ||
                                      IsSignedByAnchor(leaf->front().get(), trust_domain));
    (counts ? passed_ : refused_).Insert(*digest, std::make_shared<bool>(counts));
    return counts;
  }

 private:
  [[nodiscard]] bool IsSignedByAnchor(X509* leaf, std::string_view trust_domain) const {
    return std::ranges::any_of(anchors_, [&](const auto& of_domain) {
      return of_domain.first == trust_domain && std::ranges::any_of(of_domain.second, [&](const ossl::Cert& anchor) {
               return IsSignedBy(leaf, X509_get0_pubkey(anchor.get()));
             });
    });
  }

  const AuthoritySet::List authorities_;
  std::vector<std::pair<std::string, Certificates>> anchors_;  // by trust domain
  // Apart, so that whoever is refused with ever other certificates pushes none out that passed.
  mutable DigestCache<bool> passed_{16384};
  mutable DigestCache<bool> refused_{1024};
};

DirectIssueAuthenticator::DirectIssueAuthenticator(std::shared_ptr<const Authenticator> inner,
                                                   const AuthoritySet& authorities)
    : inner_(std::move(inner)),
      authorities_(authorities),
      issuers_(std::make_shared<const Issuers>(authorities.All())) {}

DirectIssueAuthenticator::~DirectIssueAuthenticator() = default;

std::shared_ptr<const DirectIssueAuthenticator::Issuers> DirectIssueAuthenticator::Current() const {
  auto issuers = issuers_.Get();
  auto authorities = authorities_.All();
  if (issuers->AreOf(authorities)) return issuers;
  issuers = std::make_shared<const Issuers>(std::move(authorities));
  issuers_.Set(issuers);
  return issuers;
}

AuthOutcome DirectIssueAuthenticator::Authenticate(const CallContext& call) const {
  AuthOutcome outcome = inner_->Authenticate(call);
  const auto* caller = std::get_if<Caller>(&outcome);
  if (caller == nullptr || caller->method != AuthMethod::kClientCertificate) return outcome;
  if (Current()->Count(call.client_certificate_pem, caller->trust_domain)) return outcome;
  return Refusal(refusal::kCertificateIssuer, "the client certificate was not issued by an authority of ours itself");
}

std::size_t DirectIssueAuthenticator::cached() const { return issuers_.Get()->cached(); }

}  // namespace rootkeep
