#include "tests/support/test_hierarchy.h"

#include "signer/certificate/certificate.h"
#include "signer/certificate/name.h"

namespace rootkeep::testing {

TestHierarchy::TestHierarchy(const std::string& kind, WallTime made_at)
    : root(std::make_shared<SoftwareSigner>(kind)), issuing(std::make_shared<SoftwareSigner>(kind)) {
  const Deadline deadline = After(std::chrono::seconds(30));
  const CaSubject root_subject{"cluster.local", RootCommonName("mesh", 1)};
  root_der = SelfSignRoot(*root, root_subject, {RootCaProfile(RootCaLifetime())}, made_at, deadline).value();
  const CaSubject subject{"cluster.local", IssuingCaCommonName("mesh", 1)};
  const Csr csr = ParseCsr(MakeCsr(*issuing, subject, deadline).value()).value();
  issuing_der =
      IssueCaCertificate({root_der, *root}, csr, subject, {IssuingCaProfile(IssuingCaLifetime(), 0)}, made_at, deadline)
          .value();
}

Authority::Parts TestHierarchy::Parts() const {
  return {.name = "mesh",
          .trust_domain = "cluster.local",
          .signer = issuing,
          .chain_pem = CertificatePem(issuing_der),
          .trust_bundle_pem = CertificatePem(root_der)};
}

}  // namespace rootkeep::testing
