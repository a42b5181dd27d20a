#include "signer/authn/client_certificate.h"

#include <fmt/format.h>

#include <algorithm>

#include "signer/authn/leaf.h"
#include "signer/authn/refusal.h"

namespace rootkeep {

Result<ClientCertificate> ReadClientCertificate(ByteView leaf_der, std::span<const std::string> trust_domains) {
  RK_TRY(const ossl::Cert cert, leaf::Parse(leaf_der));
  RK_RETURN_IF_ERROR(leaf::CheckPurpose(cert.get()));
  ClientCertificate facts;
  RK_TRY(facts.identities, leaf::ReadNames(cert.get()));
  RK_TRY(facts.spiffe_id, TheWorkloadIdentity(leaf::UriNames(facts.identities), trust_domains));
  RK_TRY(facts.serial_hex, leaf::SerialHex(cert.get()));
  RK_TRY(facts.not_after, leaf::NotAfter(cert.get()));
  return facts;
}

Result<SpiffeId> TheWorkloadIdentity(std::span<const std::string_view> uri_names,
                                     std::span<const std::string> trust_domains) {
  if (uri_names.empty()) return Refusal(refusal::kCertificateNoUri, "the client certificate has no URI name");
  if (uri_names.size() > 1) {
    return Refusal(refusal::kCertificateUris,
                   fmt::format("the client certificate has {} URI names, not one", uri_names.size()));
  }
  auto id = ParseSpiffeId(uri_names[0]);
  if (!id.ok())
    return Refusal(refusal::kCertificateIdentity, "the client certificate's URI is " + id.error().message());
  if (std::ranges::find(trust_domains, id->trust_domain) == trust_domains.end()) {
    return Refusal(refusal::kCertificateTrustDomain,
                   fmt::format("trust domain {} of the client certificate is not served", id->trust_domain));
  }
  return id;
}

}  // namespace rootkeep
