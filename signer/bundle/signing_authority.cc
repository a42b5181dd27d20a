#include "signer/bundle/signing_authority.h"

#include <algorithm>
#include <span>

#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"

namespace rootkeep {
namespace {

Error NoneSigns(std::string message, std::string hint) {
  Error error = FailedPrecondition(std::move(message)).WithReason("active_root");
  return hint.empty() ? error : std::move(error).WithHint(std::move(hint));
}

}  // namespace

bool ChainsTo(const Authority& authority, const BundleRoot& root, WallTime now) {
  const auto certificate = ParseCertificateDer(root.certificate);
  return certificate.ok() && authority.CheckChainsTo(std::span(&*certificate, 1), now).ok();
}

Result<std::shared_ptr<const Authority>> ChooseSigning(const TrustBundle& bundle, const AuthoritySet::List& authorities,
                                                       const std::string& otherwise, WallTime now) {
  const auto active = std::ranges::find_if(bundle.roots, &BundleRoot::active);
  if (active != bundle.roots.end()) {
    for (const auto& authority : authorities) {
      if (ChainsTo(*authority, *active, now)) return authority;
    }
    return NoneSigns("no authority that is loaded chains to the active root " + active->fingerprint,
                     "load the authority below it, or choose another with rootkeep root activate");
  }
  const auto first =
      std::ranges::find_if(authorities, [&](const auto& authority) { return authority->name() == otherwise; });
  if (first == authorities.end()) return NoneSigns("authority " + otherwise + " is not loaded", "");
  const bool trusted = std::ranges::any_of(
      bundle.roots, [&](const BundleRoot& root) { return !root.tainted && ChainsTo(**first, root, now); });
  if (trusted) return *first;
  return NoneSigns("authority " + otherwise + " chains to no root of its trust domain that is not tainted",
                   "choose another with rootkeep root activate");
}

std::string RootsPem(const std::vector<BundleRoot>& roots) {
  std::string pem;
  for (const BundleRoot& root : roots) pem += CertificatePem(root.certificate);
  return pem;
}

}  // namespace rootkeep
