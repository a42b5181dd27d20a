#include "signer/authority/ca_certificate.h"

#include <algorithm>

#include "signer/authority/ca_subject.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "signer/lint/lint.h"

namespace rootkeep {
namespace {

Result<std::chrono::seconds> Lifetime(const CaTerms& terms) {
  const LifetimeRules& rules = terms.profile.lifetime;
  const std::chrono::seconds ttl = terms.ttl.count() == 0 ? rules.default_ttl : terms.ttl;
  if (ttl < rules.min_ttl || ttl > rules.max_ttl) {
    return InvalidArgument("the lifetime is not between the profile's least and most").WithReason("ttl");
  }
  return ttl;
}

// Build, lint, sign, check: nothing leaves here that the issuer's public key does not verify.
Result<Bytes> Sign(const Signer& signer, const Decision& decision, const IssuerView& issuer, Deadline deadline) {
  RK_TRY(const Bytes serial, NewSerial());
  RK_TRY(const Bytes tbs, BuildTbs(decision, issuer, serial));
  RK_RETURN_IF_ERROR(Lint(tbs, decision, issuer));
  RK_TRY(const Bytes input, Digest(SchemeHash(issuer.scheme), tbs));
  RK_TRY(const Bytes signature, signer.Sign(issuer.scheme, input, deadline));
  RK_RETURN_IF_ERROR(signer.public_key().Verify(issuer.scheme, input, signature));
  return AssembleCertificate(tbs, issuer.scheme, signature);
}

SignatureScheme SchemeOf(const Signer& signer) { return SchemesOf(signer.public_key().type()).front(); }

// The issuer's certificate allows what is about to be signed.
Status CheckIssuer(X509* certificate, const Signer& signer, const Profile& profile) {
  RK_TRY(const PublicKey key, PublicKeyOf(certificate));
  if (!(key == signer.public_key())) {
    return FailedPrecondition("the issuer's key is not its certificate's").WithReason("ca_key");
  }
  if (!MaySignCertificates(certificate)) {
    return FailedPrecondition("the issuer is not a CA with keyCertSign").WithReason("ca_profile");
  }
  const auto limit = X509_get_pathlen(certificate);
  if (limit >= 0 && (!profile.path_length || *profile.path_length >= limit)) {
    return FailedPrecondition("the issuer's path length leaves no room for this CA").WithReason("ca_path_length");
  }
  return Ok();
}

}  // namespace

Result<Bytes> SelfSignRoot(const Signer& signer, const CaSubject& subject, const CaTerms& terms, WallTime now,
                           Deadline deadline) {
  RK_TRY(Decision decision, CaDecisionFor(subject, terms.profile, signer.public_key().spki()));
  RK_TRY(const std::chrono::seconds ttl, Lifetime(terms));
  decision.not_before = now - terms.profile.lifetime.backdate;
  decision.not_after = now + ttl;
  const IssuerView self{SchemeOf(signer), decision.subject_name, {}, decision.not_after};
  return Sign(signer, decision, self, deadline);
}

Result<Bytes> IssueCaCertificate(const CaIssuer& issuer, const Csr& csr, const CaSubject& subject, const CaTerms& terms,
                                 WallTime now, Deadline deadline) {
  RK_RETURN_IF_ERROR(VerifyProofOfPossession(csr));
  RK_RETURN_IF_ERROR(PublicKey::FromSpki(csr.spki));  // a CA key is of a KeyType
  RK_TRY(Decision decision, CaDecisionFor(subject, terms.profile, csr.spki));
  RK_TRY(const std::chrono::seconds ttl, Lifetime(terms));
  RK_TRY(const ossl::Cert certificate, ParseCertificateDer(issuer.certificate_der));
  RK_RETURN_IF_ERROR(CheckIssuer(certificate.get(), issuer.signer, terms.profile));
  const Bytes issuer_name = SubjectOf(certificate.get());
  if (issuer_name == decision.subject_name) {
    return FailedPrecondition("the CA would have its issuer's subject").WithReason("ca_subject");
  }
  const WallTime issuer_end = NotAfterOf(certificate.get());
  decision.not_before = now - terms.profile.lifetime.backdate;
  decision.not_after = std::min(now + ttl, issuer_end);
  if (decision.not_after - now < terms.profile.lifetime.min_ttl) {
    return FailedPrecondition("the issuer has less life left than the CA's least").WithReason("ca_lifetime");
  }
  const Bytes issuer_key_id = SubjectKeyIdOf(certificate.get());
  return Sign(issuer.signer, decision, {SchemeOf(issuer.signer), issuer_name, issuer_key_id, issuer_end}, deadline);
}

}  // namespace rootkeep
