#include "signer/authority/authority.h"

#include <algorithm>
#include <span>

#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"

namespace rootkeep {

Result<std::shared_ptr<const Authority>> Authority::Make(Parts parts, WallTime now) {
  const std::shared_ptr<Authority> authority(new Authority());
  authority->parts_ = std::move(parts);
  const PublicKey& key = authority->parts_.signer->public_key();
  authority->scheme_ = SchemesOf(key.type()).front();
  RK_TRY(authority->checker_, SignatureChecker::Make(key, authority->scheme_));
  Status read = authority->ReadChain(now);
  if (!read.ok()) return std::move(read).error().Within("authority " + authority->name());
  return std::shared_ptr<const Authority>(authority);
}

std::shared_ptr<const Authority> Authority::WithTrustBundle(std::string trust_bundle_pem) const {
  const std::shared_ptr<Authority> authority(new Authority(*this));
  authority->trust_bundle_pem_ = std::move(trust_bundle_pem);
  return authority;
}

Status Authority::CheckChainsTo(std::span<const ossl::Cert> roots, WallTime now) const {
  RK_TRY(const Certificates chain, ParseCertificates(parts_.chain_pem));
  return CheckChain(chain.front().get(), std::span(chain).subspan(1), roots, LastValid(now));
}

Status Authority::ReadChain(WallTime now) {
  RK_TRY(const Certificates chain, ParseCertificates(parts_.chain_pem));
  RK_TRY(const Certificates roots, ParseCertificates(parts_.trust_bundle_pem));
  X509* issuing = chain.front().get();
  not_before_ = NotBeforeOf(issuing);
  not_after_ = NotAfterOf(issuing);
  RK_TRY(const PublicKey key, PublicKeyOf(issuing));
  if (!(key == signer().public_key())) {
    return FailedPrecondition("the key " + signer().public_key().FingerprintHex() + " is not the certificate's " +
                              key.FingerprintHex())
        .WithReason("authority_key");
  }
  if (!MaySignCertificates(issuing)) {
    return FailedPrecondition("the issuing certificate is not a CA's with keyCertSign").WithReason("authority_ca");
  }
  RK_TRY(room_below_, RoomBelow(issuing, std::span(chain).subspan(1), roots, LastValid(now)));
  trust_bundle_pem_ = parts_.trust_bundle_pem + parts_.extra_anchors_pem;
  certificate_der_ = CertificateDer(issuing);
  subject_der_ = SubjectOf(issuing);
  for (const ossl::Cert& certificate : chain) ca_names_.push_back(SubjectOf(certificate.get()));
  for (const ossl::Cert& root : roots) ca_names_.push_back(SubjectOf(root.get()));
  subject_key_id_ = SubjectKeyIdOf(issuing);
  chain_not_after_ = not_after_;
  // A root that issues is in the bundle already: two elements, as istiod's self-signed CA answers (case 47).
  const bool self_signed = X509_self_signed(issuing, 0) == 1;
  for (const ossl::Cert& certificate : chain) {
    chain_not_after_ = std::min(chain_not_after_, NotAfterOf(certificate.get()));
    if (certificate.get() == issuing && self_signed) continue;
    chain_elements_.push_back(CertificatePem(CertificateDer(certificate.get())));
  }
  root_not_after_ = NotAfterOf(roots.front().get());
  RK_TRY(const Bytes digest, Digest(Hash::kSha256, certificate_der_));
  certificate_fingerprint_ = ToHex(digest);
  return Ok();
}

}  // namespace rootkeep
