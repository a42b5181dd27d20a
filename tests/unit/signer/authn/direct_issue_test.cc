#include "signer/authn/direct_issue.h"

#include "signer/authn/mtls.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/authn/outcome.h"

namespace rootkeep {
namespace {

using testing::HasReason;
using testing::Identity;
using testing::IsOk;
using testing::MakeCa;
using testing::MakeIdentity;
using testing::Outcome;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kUri = "URI:spiffe://cluster.local/ns/default/sa/httpbin";

// An authority that is its own root, and its key for certificates.
struct Issuing {
  explicit Issuing(const std::string& client_anchors = "") {
    const auto signer = std::make_shared<testing::SoftwareSigner>("P-256");
    EVP_PKEY_up_ref(signer->pkey());
    ca = testing::MakeIdentityWithKey(ossl::PKey(signer->pkey()), testing::RootShape(), nullptr);
    authority = Authority::Make({.name = "mesh",
                                 .trust_domain = "cluster.local",
                                 .signer = signer,
                                 .chain_pem = ca.CertificatePem(),
                                 .trust_bundle_pem = ca.CertificatePem(),
                                 .client_anchors_pem = client_anchors},
                                FromUnixSeconds(kNow))
                    .value();
  }
  Identity ca;
  std::shared_ptr<const Authority> authority;
};

class DirectIssue : public ::testing::Test {
 protected:
  DirectIssue() { authorities_.Replace({first_.authority}); }
  Result<Caller> Ask(const std::string& pem) {
    return Outcome(authenticator_.Authenticate({.client_certificate_pem = pem, .peer = "ipv4:10.0.0.9:1"}));
  }

  testing::ManualClock clock_{kNow};
  const Identity elsewhere_ = MakeCa("elsewhere");
  Issuing first_{elsewhere_.CertificatePem()};
  AuthoritySet authorities_;
  const DirectIssueAuthenticator authenticator_{
      std::make_shared<MtlsAuthenticator>(std::vector<std::string>{"cluster.local"}, clock_), authorities_};
};

TEST_F(DirectIssue, WhatAnAuthorityOrAClientAnchorSignedCounts) {
  for (const Identity* issuer : std::initializer_list<const Identity*>{&first_.ca, &elsewhere_}) {
    const std::string pem = MakeIdentity({.san = kUri}, issuer).CertificatePem();
    EXPECT_THAT(Ask(pem), IsOk());
    EXPECT_THAT(Ask(pem), IsOk()) << "remembered";
  }
  EXPECT_EQ(authenticator_.cached(), 2U);
}

TEST_F(DirectIssue, WhatACaBelowSignedDoesNotAndThatIsRememberedToo) {
  const Identity foreign = MakeIdentity(testing::RootShape("foreign"), &first_.ca);
  const std::string pem = MakeIdentity({.san = kUri}, &foreign).CertificatePem();
  EXPECT_THAT(Ask(pem), HasReason("certificate_issuer"));
  EXPECT_EQ(authenticator_.cached(), 1U);
  EXPECT_THAT(Ask(pem), HasReason("certificate_issuer"));
}

// A rotation because a key has leaked, say.
TEST_F(DirectIssue, WhatPassedIsForgottenWhenItsIssuerIsReplaced) {
  const std::string pem = MakeIdentity({.san = kUri}, &first_.ca).CertificatePem();
  EXPECT_THAT(Ask(pem), IsOk());
  const Issuing second;
  authorities_.Replace({second.authority});
  EXPECT_THAT(Ask(pem), HasReason("certificate_issuer"));
  EXPECT_THAT(Ask(MakeIdentity({.san = kUri}, &second.ca).CertificatePem()), IsOk());
  authorities_.Replace({first_.authority, second.authority});
  EXPECT_THAT(Ask(pem), IsOk()) << "nor is a refusal kept beyond its time";
}

}  // namespace
}  // namespace rootkeep
