#include "signer/authority/ca_subject.h"

#include "signer/certificate/name.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

Result<Decision> CaDecisionFor(const CaSubject& subject, const Profile& profile, ByteView spki) {
  if (subject.trust_domain.empty() || subject.common_name.empty() || subject.common_name.size() > kMaxNameText) {
    return InvalidArgument("a CA needs a trust domain and a common name of 1 to 64 characters")
        .WithReason("ca_subject");
  }
  Decision decision;
  decision.profile = profile;
  decision.subject_name = CaName(subject.trust_domain, subject.common_name);
  decision.spki = ToBytes(spki);
  decision.rule = "ceremony";
  if (IsTrustDomain(subject.trust_domain)) {
    decision.sans = {{GeneralName::Kind::kUri, "spiffe://" + subject.trust_domain}};
  }
  return decision;
}

}  // namespace rootkeep
