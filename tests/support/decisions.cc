#include "tests/support/decisions.h"

#include "signer/certificate/name.h"
#include "tests/support/software_key.h"

namespace rootkeep::testing {

using std::chrono::hours;
using std::chrono::minutes;

TestIssuer::TestIssuer()
    : name(LeafName("issuer")), key_id(20, 0x5a), not_after(FromUnixSeconds(kTestNow) + hours(24 * 3650)) {}

IssuerView TestIssuer::View() const { return {scheme, name, key_id, not_after}; }

Decision LeafDecision() {
  static const Bytes& spki = *new Bytes(MakeSpki("P-256"));
  return {.profile = WorkloadProfile({}),
          .sans = {{GeneralName::Kind::kUri, kTestIdentity}},
          .spki = spki,
          .not_before = FromUnixSeconds(kTestNow) - minutes(2),
          .not_after = FromUnixSeconds(kTestNow) + hours(1),
          .rule = "self"};
}

Decision CaDecision() {
  Decision decision = LeafDecision();
  decision.profile = IssuingCaProfile(IssuingCaLifetime(), 0);
  decision.sans = {{GeneralName::Kind::kUri, "spiffe://cluster.local"}};
  decision.subject_name = CaName("cluster.local", IssuingCaCommonName("mesh", 1));
  decision.not_after = FromUnixSeconds(kTestNow) + hours(24 * 365);
  return decision;
}

}  // namespace rootkeep::testing
