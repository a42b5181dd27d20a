// istio-protocol.md §8, cases 1 to 18: who asks.
#include <fmt/format.h>

#include "tests/e2e/shared_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::AuthenticationRefused;
using testing::Identity;
using testing::IstioCall;
using testing::NeverConnected;
using testing::TokenSpec;
using testing::Transport;
using testing::WasIssuedTo;

constexpr char kOther[] = "spiffe://cluster.local/ns/default/sa/other";

class ConformanceAuthentication : public testing::SharedDaemon {
 protected:
  static TokenSpec Now() {
    return {.issuer = testing::DaemonFixture::kIssuer, .issued_at = ToUnixSeconds(SystemClock().Now())};
  }
  static std::string Minted(const TokenSpec& spec) { return fixture().minter().Mint(spec); }
  // A good token with another subject.
  static std::string WithSubject(const std::string& subject) {
    std::string payload = Now().ToJson();
    const std::string good = "system:serviceaccount:default:httpbin";
    return fixture().minter().Mint(payload.replace(payload.find(good), good.size(), subject));
  }
};

TEST_F(ConformanceAuthentication, Case1_NoAuthenticatorIsConfigured) {
  Reload([](config::Config& config) {
    config.client_certificates = false;
    config.token_issuers.clear();
  });
  EXPECT_THAT(Ask(), AuthenticationRefused());
  const Identity workload = Workload(std::string("URI:") + kSelf);
  EXPECT_THAT(AskAs({.certificate = &workload}), AuthenticationRefused());
}

TEST_F(ConformanceAuthentication, AnExtraAnchorAuthenticatesNobody) {
  Reload([](config::Config& config) { config.authorities.front().client_anchors_file.clear(); });
  const Identity workload = Workload(std::string("URI:") + kSelf);
  const auto ask = [&] { return AskAs({.certificate = &workload}).status.error_code(); };
  EXPECT_TRUE(testing::Eventually([&] { return ask() == grpc::StatusCode::UNAVAILABLE; }));
  // The listener looks at its roots every second: leave it as it was for the tests after this one.
  Reload([](config::Config&) {});
  EXPECT_TRUE(testing::Eventually([&] { return ask() == grpc::StatusCode::OK; }));
}

TEST_F(ConformanceAuthentication, Case2_AnAuthenticatorThatFailsLeaksNothing) {
  Reload([](config::Config& config) {
    config.token_issuers.front().jwks.file = fixture().directory() / "no-such-file.json";
  });
  EXPECT_THAT(Ask(), AuthenticationRefused());
}

TEST_F(ConformanceAuthentication, Case3_NeitherCertificateNorToken) {
  EXPECT_THAT(AskAs({}), AuthenticationRefused());
  EXPECT_THAT(AskAs({.headers = {{"authorization", ""}}}), AuthenticationRefused());
}

// There is no listener without TLS, so a peer of another authentication type (case 4) never gets as far as a call.
TEST_F(ConformanceAuthentication, Case4And18_APlaintextConnectionNeverReachesTheService) {
  const IstioCall call = IstioCall().Bearer(fixture().Token());
  EXPECT_THAT(testing::Send(fixture().address(), "", call, Transport::kPlain), NeverConnected());
  EXPECT_THAT(AskAs(call), WasIssuedTo(kSelf));
}

// As in istiod (§9), a wrong certificate ends the connection although the token is good.
TEST_F(ConformanceAuthentication, Case5_ACertificateThatDoesNotVerify) {
  const Identity stranger = testing::MakeCa("unknown CA");
  const Identity workload = testing::MakeIdentity({.san = std::string("URI:") + kSelf}, &stranger);
  IstioCall call{.certificate = &workload};
  EXPECT_THAT(AskAs(call), NeverConnected());
  EXPECT_THAT(AskAs(call.Bearer(fixture().Token())), NeverConnected());
  const Identity expired =
      testing::MakeIdentity({.san = std::string("URI:") + kSelf, .not_after = 1'000'000'000}, &client_ca());
  EXPECT_THAT(AskAs({.certificate = &expired}), NeverConnected());
}

TEST_F(ConformanceAuthentication, Case6_ACertificateWithoutNames) {
  const Identity nameless = testing::MakeIdentity({.common_name = "httpbin"}, &client_ca());
  EXPECT_THAT(AskAs({.certificate = &nameless}), NeverConnected());
  const Identity without_uri = Workload("DNS:httpbin.default.svc");
  EXPECT_THAT(AskAs({.certificate = &without_uri}), NeverConnected());
}

TEST_F(ConformanceAuthentication, Case7_ACertificateIsRenewedForTheSameIdentity) {
  const Identity workload = Workload(std::string("URI:") + kOther);
  EXPECT_THAT(AskAs({.certificate = &workload}), WasIssuedTo(kOther));
}

TEST_F(ConformanceAuthentication, Case8_UnknownTrustDomainOrTwoUris) {
  const Identity foreign = Workload("URI:spiffe://example.com/ns/default/sa/httpbin");
  EXPECT_THAT(AskAs({.certificate = &foreign}), NeverConnected());
  const Identity two = Workload(fmt::format("URI:{},URI:{}", kSelf, kOther));
  EXPECT_THAT(AskAs({.certificate = &two}), NeverConnected());
}

TEST_F(ConformanceAuthentication, Case9_TheCertificateWinsOverTheToken) {
  const Identity workload = Workload(std::string("URI:") + kOther);
  EXPECT_THAT(AskAs(IstioCall{.certificate = &workload}.Bearer(fixture().Token())), WasIssuedTo(kOther));
}

TEST_F(ConformanceAuthentication, Case10_BasicThenBearerUsesTheToken) {
  const std::string token = fixture().Token();
  EXPECT_THAT(AskAs({.headers = {{"authorization", "Basic dXNlcjpwYXNz"}}}), AuthenticationRefused());
  EXPECT_THAT(AskAs(IstioCall{.headers = {{"authorization", "Basic dXNlcjpwYXNz"}}}.Bearer(token)), WasIssuedTo(kSelf));
}

TEST_F(ConformanceAuthentication, Case10_ThePrefixIsExactlyBearerAndOneBlank) {
  const std::string token = fixture().Token();
  for (const std::string prefix : {"bearer ", "BEARER ", "Bearer", "Bearer  ", ""}) {
    EXPECT_THAT(AskAs({.headers = {{"authorization", prefix + token}}}), AuthenticationRefused()) << prefix;
  }
}

TEST_F(ConformanceAuthentication, Case11_ATokenThatHasExpired) {
  TokenSpec spec = Now();
  spec.issued_at -= 7200;
  EXPECT_THAT(AskWith(Minted(spec)), AuthenticationRefused());
  spec.lifetime = 10'000;
  EXPECT_THAT(AskWith(Minted(spec)), WasIssuedTo(kSelf)) << "the same token while it is valid";
}

TEST_F(ConformanceAuthentication, Case11_ATokenOfAnotherIssuer) {
  TokenSpec spec = Now();
  spec.issuer = "https://kubernetes.default.svc.cluster.local.evil.test";
  EXPECT_THAT(AskWith(Minted(spec)), AuthenticationRefused());
}

TEST_F(ConformanceAuthentication, Case11_ATokenWithABadSignature) {
  std::string token = fixture().Token();
  char& last_full = token[token.size() - 10];
  last_full = last_full == 'A' ? 'B' : 'A';
  EXPECT_THAT(AskWith(token), AuthenticationRefused());
  const testing::JwtMinter impostor("RS256", fixture().minter().kid());
  EXPECT_THAT(AskWith(impostor.Mint(Now())), AuthenticationRefused());
}

TEST_F(ConformanceAuthentication, Case12_OneAudienceMustMatch) {
  TokenSpec spec = Now();
  spec.audiences = {"https://kubernetes.default.svc"};
  EXPECT_THAT(AskWith(Minted(spec)), AuthenticationRefused());
  spec.audiences = {};
  EXPECT_THAT(AskWith(Minted(spec)), AuthenticationRefused());
  spec.audiences = {"https://kubernetes.default.svc", "istio-ca", "vault"};
  EXPECT_THAT(AskWith(Minted(spec)), WasIssuedTo(kSelf));
}

TEST_F(ConformanceAuthentication, Case13_TheSubjectMustBeAServiceAccount) {
  for (const std::string subject : {"", "system", "system:serviceaccount", "system:serviceaccount:default",
                                    "system:serviceaccount:default:", "system:serviceaccount::httpbin",
                                    "system:serviceaccount:default:httpbin:more", "system:node:worker-1",
                                    "user:serviceaccount:default:httpbin", "system:serviceaccount:../other:httpbin"}) {
    EXPECT_THAT(AskWith(WithSubject(subject)), AuthenticationRefused()) << subject;
  }
  EXPECT_THAT(AskWith(WithSubject("system:serviceaccount:default:httpbin")), WasIssuedTo(kSelf));
}

TEST_F(ConformanceAuthentication, Case15_TheClusterIdNamesTheIssuersCluster) {
  Reload([](config::Config& config) { config.token_issuers.front().cluster_aliases = {"alias-1"}; });
  for (const std::string cluster : {"Kubernetes", "alias-1"}) {
    EXPECT_THAT(AskAs(IstioCall{.headers = {{"clusterid", cluster}}}.Bearer(fixture().Token())), WasIssuedTo(kSelf));
  }
  EXPECT_THAT(AskAs(IstioCall{.headers = {{"clusterid", "unknown"}}}.Bearer(fixture().Token())),
              AuthenticationRefused());
}

TEST_F(ConformanceAuthentication, Case16_TheIdentityIsTrustDomainNamespaceAndAccount) {
  Reload([](config::Config& config) {
    config.authorities.front().trust_domain = "example.com";
    config.token_issuers.front().trust_domain = "example.com";
  });
  TokenSpec spec = Now();
  spec.service_account = "example-pod-sa";
  EXPECT_THAT(AskWith(Minted(spec)), WasIssuedTo("spiffe://example.com/ns/default/sa/example-pod-sa"));
}

// The configured skew is what counts, not the default of 5 s.
TEST_F(ConformanceAuthentication, ATokenFromTheFutureWithinTheConfiguredSkew) {
  TokenSpec spec = Now();
  spec.issued_at += 60;
  EXPECT_THAT(AskWith(Minted(spec)), AuthenticationRefused());
  Reload([](config::Config& config) { config.token_issuers.front().clock_skew = std::chrono::seconds(120); });
  EXPECT_THAT(AskWith(Minted(spec)), WasIssuedTo(kSelf));
}

}  // namespace
}  // namespace rootkeep
