// SIGHUP: rootkeepd takes up what changed in its configuration, or says why not and stays as it was.
#include <fmt/format.h>
#include <sys/stat.h>

#include "keystore/base/file.h"
#include "tests/e2e/daemon_process.h"
#include "tests/e2e/raw_tls.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kHour = 3600;

std::string Spiffe(const std::string& ns, const std::string& service_account) {
  return fmt::format("spiffe://cluster.local/ns/{}/sa/{}", ns, service_account);
}

// The events, without those that only tell which files were read.
std::vector<std::string> Outcome(const std::vector<cli::LogLine>& lines) {
  std::vector<std::string> out;
  for (const cli::LogLine& line : lines) {
    if (line.event != "jwks_changed" && line.event != "placement_loaded") out.push_back(line.event);
  }
  return out;
}

// How long the certificate lives, without the backdate of two minutes.
std::int64_t Lifetime(const IstioAnswer& answer) {
  const ossl::Cert certificate = answer.Certificate();
  return NotAfterSeconds(certificate.get()) - NotBeforeSeconds(certificate.get()) - 120;
}

class Reload : public DaemonProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Prepare(SoftHsm::ModulePath()));
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_THAT(WriteFileAtomically(File("second-jwks.json"), JwksOf({second_.Jwk()}), 0600), IsOk());
  }
  void TearDown() override { EXPECT_EQ(daemon().Stop(kPatience), 0); }

  // The configuration with another token issuer, for the namespace "edge"; the first keeps "demo".
  [[nodiscard]] std::string ConfigWithSecondIssuer() const {
    std::string config =
        ConfigWith(fmt::format("  - name: second\n    issuer: https://second.test\n    audiences: [istio-ca]\n"
                               "    namespaces: [edge]\n    jwks:\n      file: {}\n",
                               File("second-jwks.json")),
                   "impersonation:");
    constexpr std::string_view kAll = R"(namespaces: ["*"])";
    return config.replace(config.find(kAll), kAll.size(), "namespaces: [demo]");
  }
  [[nodiscard]] IstioAnswer AskAtSecondIssuer() const {
    return Ask(IstioCall().Bearer(second_.Mint({.issuer = "https://second.test",
                                                .ns = "edge",
                                                .service_account = "box",
                                                .issued_at = ToUnixSeconds(SystemClock().Now())})));
  }

  const JwtMinter second_{"ES256", "second-key"};
};

TEST_F(Reload, TokenIssuersComeAndTheirNamespacesShrink) {
  EXPECT_THAT(AskAtSecondIssuer(), AuthenticationRefused());
  EXPECT_THAT(AskAs("other", "web"), WasIssuedTo(Spiffe("other", "web")));
  const std::string before = Config();
  Configure(ConfigWithSecondIssuer());
  EXPECT_THAT(AskAtSecondIssuer(), AuthenticationRefused()) << "a file that nobody was told to read";
  EXPECT_THAT(Outcome(Hangup()), ElementsAre("authority_loaded", "serving_certificate_renewed", "reloaded"));
  EXPECT_THAT(AskAtSecondIssuer(), WasIssuedTo(Spiffe("edge", "box")));
  EXPECT_THAT(AskAs("demo", "web"), WasIssuedTo(Spiffe("demo", "web")));
  EXPECT_FALSE(AskAs("other", "web").ok());
  Configure(before);
  Hangup();
  EXPECT_THAT(AskAtSecondIssuer(), AuthenticationRefused());
  EXPECT_THAT(AskAs("other", "web"), WasIssuedTo(Spiffe("other", "web")));
}

TEST_F(Reload, AnImpersonationRule) {
  const auto deploy = [this] { return AskAs("ci", "deploy", IstioCall().Impersonate(Spiffe("staging", "app"))); };
  EXPECT_THAT(deploy(), ImpersonationRefused());
  Configure(
      ConfigWith("  - name: staging\n    callers:\n      - spiffe_id: spiffe://cluster.local/ns/ci/sa/deploy\n"
                 "    targets:\n      - trust_domain: cluster.local\n        namespace: staging\n"
                 "        service_account: \"*\"\n    unsafe_without_placement: true\n",
                 "placements:"));
  Hangup();
  EXPECT_THAT(deploy(), WasIssuedTo(Spiffe("staging", "app")));
  EXPECT_THAT(AskAs("demo", "web", IstioCall().Impersonate(Spiffe("staging", "app"))), ImpersonationRefused());
}

TEST_F(Reload, AnAuthoritysLifetimes) {
  EXPECT_EQ(Lifetime(AskAs("demo", "web")), 24 * kHour);
  EXPECT_EQ(Lifetime(AskAs("demo", "web", {.ttl = 3 * kHour})), 3 * kHour);
  Configure(ConfigWith("    lifetimes: {default: 1h, max: 2h}\n", "token_issuers:"));
  Hangup();
  EXPECT_EQ(Lifetime(AskAs("demo", "web")), kHour);
  EXPECT_EQ(AskAs("demo", "web", {.ttl = 3 * kHour}).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(Reload, AnOpenConnectionGoesOn) {
  RawHttp2 open(daemon().address(), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(open.Ping(1), 1);
  Hangup();
  EXPECT_EQ(open.Ping(1), 1);
}

// Each of these also has the second issuer, which must not slip in.
TEST_F(Reload, ABrokenConfigurationIsRefusedWhole) {
  const std::string wanted = ConfigWithSecondIssuer();
  const Identity stranger = MakeCa("a stranger");
  ASSERT_THAT(WriteFileAtomically(File("stranger.pem"), stranger.CertificatePem(), 0600), IsOk());
  const auto refused = [this](const std::string& detail) {
    const auto lines = Hangup();
    ASSERT_THAT(Outcome(lines), ElementsAre("reload_refused")) << detail;
    EXPECT_EQ(lines.back().Field("level"), "error");
    EXPECT_THAT(lines.back().Field("detail"), HasSubstr(detail));
    EXPECT_THAT(AskAtSecondIssuer(), AuthenticationRefused()) << detail;
    EXPECT_THAT(AskAs("other", "web"), WasIssuedTo(Spiffe("other", "web"))) << detail;
  };
  Configure(wanted + "limits: [\n");
  refused("rootkeepd.yaml");
  Configure(wanted + "lifetime: 1h\n");
  refused("lifetime");
  Configure(wanted + "csr_san: sometimes\n");
  refused("sometimes");
  Configure(wanted);
  ASSERT_EQ(chmod(files().config().c_str(), 0666), 0);
  refused("rootkeepd.yaml");
  ASSERT_EQ(unlink(files().config().c_str()), 0);
  refused("rootkeepd.yaml");
  // Right by itself, but the certificate is not the key's.
  Configure(wanted);
  Configure(
      ConfigWith(fmt::format("    chain_file: {0}\n    bundle_file: {0}\n", File("stranger.pem")), "token_issuers:"));
  refused("is not the certificate's");
  Configure(wanted);
  Hangup();
  EXPECT_THAT(AskAtSecondIssuer(), WasIssuedTo(Spiffe("edge", "box"))) << "mended";
}

}  // namespace
}  // namespace rootkeep::testing
