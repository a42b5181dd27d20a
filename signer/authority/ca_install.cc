// CheckInstalled: what came back from a root kept elsewhere is what this key needs.
#include <fmt/format.h>

#include <span>

#include "signer/authority/ca_certificate.h"
#include "signer/authority/certificates.h"

namespace rootkeep {
namespace {

Error Unfit(std::string_view reason, std::string message) {
  return FailedPrecondition(std::move(message)).WithReason(reason);
}

bool IsCritical(const X509* certificate, int nid) {
  const int at = X509_get_ext_by_NID(certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1;
}

Status CheckPathLength(X509* certificate, const Profile& profile) {
  const auto length = X509_get_pathlen(certificate);
  if (length < 0) return Unfit("ca_path_length", "the certificate has no path length");
  if (profile.path_length && length > *profile.path_length) {
    return Unfit("ca_path_length", fmt::format("the path length is {}, want at most {}", length, *profile.path_length));
  }
  return Ok();
}

Status CheckProfile(X509* certificate) {
  constexpr std::uint32_t kAllowed = KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE;
  constexpr std::uint32_t kBothOfTls = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  if (!MaySignCertificates(certificate)) return Unfit("ca_profile", "the certificate is not a CA's with keyCertSign");
  if (!IsCritical(certificate, NID_basic_constraints) || !IsCritical(certificate, NID_key_usage)) {
    return Unfit("ca_profile", "basic constraints and key usage are not both there and critical");
  }
  if ((X509_get_key_usage(certificate) & ~kAllowed) != 0) {
    return Unfit("ca_profile", "the key usage allows more than signing");
  }
  const std::uint32_t purposes = X509_get_extended_key_usage(certificate);  // all ones when there is no extension
  if ((purposes & XKU_ANYEKU) == 0 && (purposes & kBothOfTls) != kBothOfTls) {
    return Unfit("ca_profile", "the extended key usage leaves out TLS servers or clients");
  }
  if (X509_get0_subject_key_id(certificate) == nullptr) {
    return Unfit("ca_profile", "the certificate has no subject key identifier");
  }
  return Ok();
}

}  // namespace

Status CheckInstalled(const Installation& installation, const Profile& profile, WallTime now) {
  RK_TRY(const Certificates chain, ParseCertificates(installation.chain_pem));
  RK_TRY(const Certificates roots, ParseCertificates(installation.trust_bundle_pem));
  X509* issuing = chain.front().get();
  RK_TRY(const PublicKey key, PublicKeyOf(issuing));
  if (!(key == installation.key)) {
    return Unfit("ca_key", "the first certificate is of key " + key.FingerprintHex() + ", want " +
                               installation.key.FingerprintHex());
  }
  RK_RETURN_IF_ERROR(CheckProfile(issuing));
  RK_RETURN_IF_ERROR(CheckPathLength(issuing, profile));
  RK_RETURN_IF_ERROR(CheckChain(issuing, std::span(chain).subspan(1), roots, now));
  if (NotAfterOf(issuing) - now < profile.lifetime.min_ttl) {
    return Unfit("ca_lifetime", "the certificate ends at " + ToRfc3339(NotAfterOf(issuing)) +
                                    ", sooner than the profile's least lifetime");
  }
  return Ok();
}

}  // namespace rootkeep
