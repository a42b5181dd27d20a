#include "signer/authn/chain.h"

#include <array>
#include <string>

#include "signer/authn/mtls.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::JwksOf;
using testing::JwtMinter;
using testing::MakeIdentity;
using testing::Outcome;

class Chain : public testing::IssuerFixture {
 protected:
  void SetUp() override {
    Start({IssuerWith(JwksOf({minter_.Jwk()}))});
    std::vector<std::shared_ptr<const Authenticator>> members;
    members.push_back(std::make_unique<MtlsAuthenticator>(std::vector<std::string>{"cluster.local"}, clock_));
    members.push_back(std::move(jwt_));
    chain_ = std::make_unique<AuthenticatorChain>(std::move(members));
  }

  Result<Caller> AskBoth(const std::string& certificate, const std::string& authorization) {
    const std::string_view view = authorization;
    return Outcome(chain_->Authenticate(
        {.client_certificate_pem = certificate, .authorization = std::span(&view, authorization.empty() ? 0 : 1)}));
  }

  JwtMinter minter_{"ES256", "k"};
  std::unique_ptr<AuthenticatorChain> chain_;
};

constexpr const char* kUri = "URI:spiffe://cluster.local/ns/certs/sa/holder";

TEST_F(Chain, Case9TheCertificateWins) {
  const std::string certificate = MakeIdentity({.san = kUri}).CertificatePem();
  ASSERT_OK_AND_ASSIGN(const Caller both, AskBoth(certificate, "Bearer " + minter_.Mint(Good())));
  EXPECT_EQ(both.identities[0].value, "spiffe://cluster.local/ns/certs/sa/holder");
  ASSERT_OK_AND_ASSIGN(const Caller token, AskBoth({}, "Bearer " + minter_.Mint(Good())));
  EXPECT_EQ(token.identities[0].value, "spiffe://cluster.local/ns/default/sa/httpbin");
}

TEST_F(Chain, Case6ARefusedCertificateIsNotSavedByAToken) {
  EXPECT_THAT(AskBoth(MakeIdentity({}).CertificatePem(), "Bearer " + minter_.Mint(Good())),
              HasReason("certificate_no_uri"));
}

TEST_F(Chain, Case1And3NobodyAnswersMeansRefused) {
  EXPECT_THAT(AskBoth({}, ""), HasReason("no_credential"));
  EXPECT_THAT(AskBoth({}, "Basic eA"), HasReason("no_credential"));
  EXPECT_THAT(AskBoth({}, "Basic eA"), HasCode(Code::kUnauthenticated));
  const AuthenticatorChain empty({});
  EXPECT_THAT(Outcome(empty.Authenticate({})), HasReason("no_credential"));
}

}  // namespace
}  // namespace rootkeep
