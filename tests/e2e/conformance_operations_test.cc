// istio-protocol.md §8, cases 53 to 62: state, reload, metrics, stalls and connections.
#include <fmt/format.h>

#include <thread>

#include "signer/client/channel.h"
#include "tests/e2e/other_hierarchy.h"
#include "tests/e2e/raw_tls.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/probe_module.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using ::testing::AllOf;
using testing::AuthenticationRefused;
using testing::DaemonFixture;
using testing::Eventually;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::Identity;
using testing::IsOk;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::SigningError;
using testing::Transport;
using testing::WasIssuedTo;

constexpr char kNotReady[] = "Rootkeep CA is not ready";

std::string MetricsOf(const Daemon& daemon) {
  return testing::RunProgram(
             {"curl", "-sS", "--noproxy", "*", "http://" + daemon.endpoints().operations.front() + "/metrics"})
      .out;
}

class ConformanceOperations : public testing::SharedDaemon {
 protected:
  static std::string Metrics() { return MetricsOf(fixture().daemon()); }
  // The value of the line that begins with this name and labels; 0 when there is none yet.
  static double Metric(const std::string& name) {
    const std::string text = "\n" + Metrics();
    const auto found = text.find("\n" + name + " ");
    return found == std::string::npos ? 0 : std::stod(text.substr(found + name.size() + 2));
  }

  void UseChain(const std::string& chain, const std::string& bundle) {
    const std::string chain_file = WriteFile("chain.pem", chain);
    const std::string bundle_file = WriteFile("bundle.pem", bundle);
    Reload([&](config::Config& config) {
      config.authorities.front().chain_file = chain_file;
      config.authorities.front().bundle_file = bundle_file;
    });
  }
  // Still the certificates that the daemon began with.
  static void ExpectOldAuthority() {
    const IstioAnswer answer = Ask();
    ASSERT_THAT(answer, WasIssuedTo(kSelf));
    const ossl::Cert issuing = IssuingCertificate();
    EXPECT_EQ(X509_cmp(answer.Certificate(1).get(), issuing.get()), 0);
  }

  const Identity root_ = testing::MakeCa("root kept elsewhere");
};

TEST_F(ConformanceOperations, Case54_AKeyThatIsNotTheCertificatesKeepsTheOld) {
  const Identity issuing = testing::MakeIdentity(testing::CaShape("another key's"), &root_);
  UseChain(issuing.CertificatePem(), root_.CertificatePem());
  ExpectOldAuthority();
}

TEST_F(ConformanceOperations, Case54_AChainThatDoesNotVerifyKeepsTheOld) {
  const Identity stranger = testing::MakeCa("root kept elsewhere");
  UseChain(Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), stranger), root_.CertificatePem());
  ExpectOldAuthority();
}

TEST_F(ConformanceOperations, Case54_ASigningCertificateThatIsNoCaKeepsTheOld) {
  UseChain(Recertify(IssuingCertificate(), {.common_name = "a leaf"}, root_), root_.CertificatePem());
  ExpectOldAuthority();
}

TEST_F(ConformanceOperations, Case54_AMissingRootFileKeepsTheOld) {
  const std::string chain = Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), root_);
  UseChain(chain, "");
  ExpectOldAuthority();
  Reload([](config::Config& config) {
    config.authorities.front().chain_file = fixture().directory() / "chain.pem";
    config.authorities.front().bundle_file = fixture().directory() / "no-such-bundle.pem";
  });
  ExpectOldAuthority();
}

TEST_F(ConformanceOperations, Case57_CountersFollowEveryCall) {
  const double calls = Metric("citadel_server_csr_count");
  const double failures = Metric("citadel_server_authentication_failure_count");
  const double issued = Metric("citadel_server_success_cert_issuance_count");
  const double csr_errors = Metric(R"(citadel_server_csr_sign_err_count{error="CSR_ERROR"})");
  const double ttl_errors = Metric(R"(citadel_server_csr_sign_err_count{error="TTL_ERROR"})");
  EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
  EXPECT_THAT(AskAs({}), AuthenticationRefused());
  EXPECT_FALSE(Ask({.csr = "dumb CSR"}).ok());
  EXPECT_FALSE(Ask({.ttl = 1'000'000'000}).ok());
  EXPECT_EQ(Metric("citadel_server_csr_count"), calls + 4);
  EXPECT_EQ(Metric("citadel_server_authentication_failure_count"), failures + 1);
  EXPECT_EQ(Metric("citadel_server_success_cert_issuance_count"), issued + 1);
  EXPECT_EQ(Metric(R"(citadel_server_csr_sign_err_count{error="CSR_ERROR"})"), csr_errors + 1);
  EXPECT_EQ(Metric(R"(citadel_server_csr_sign_err_count{error="TTL_ERROR"})"), ttl_errors + 1);
}

TEST_F(ConformanceOperations, Case57_ExpiryGaugesFollowAReload) {
  const std::int64_t end = ToUnixSeconds(SystemClock().Now()) + 7200;
  UseChain(Recertify(IssuingCertificate(), testing::CaShape("short-lived", end), root_), root_.CertificatePem());
  EXPECT_NEAR(Metric("citadel_server_cert_chain_expiry_timestamp"), static_cast<double>(end), 60);
  EXPECT_NEAR(Metric("citadel_server_root_cert_expiry_timestamp"), 4e9, 60);
}

// Clients ping every 15 to 30 s; gRPC's own rule would send them away for three pings within five minutes.
TEST_F(ConformanceOperations, Case61_PingsAreAnsweredAndNeverPunished) {
  testing::RawHttp2 idle(fixture().address(), "TLS_AES_128_GCM_SHA256");
  ASSERT_TRUE(idle.connected());
  // One after the other: a server that objects answers what it read with the first, and is gone for the next.
  for (int i = 0; i < 30; ++i) ASSERT_EQ(idle.Ping(1), 1) << i;
}

TEST_F(ConformanceOperations, Case62_ATls13ClientWithAesGcmAlone) {
  for (const std::string suite : {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"}) {
    testing::RawHttp2 ztunnel(fixture().address(), suite);
    ASSERT_TRUE(ztunnel.connected()) << suite;
    EXPECT_EQ(ztunnel.cipher(), suite);
    EXPECT_EQ(ztunnel.Ping(1), 1);
  }
}

// As gRPC's clients come: HTTP/2 by ALPN. OpenSSL's own level would not let this one offer TLS 1.1.
TEST_F(ConformanceOperations, SpeaksTls12And13AndNothingOlder) {
  const auto handshake = [](const std::string& version) {
    return testing::RunProgram({"openssl", "s_client", "-connect", fixture().address(), version, "-alpn", "h2",
                                "-cipher", "DEFAULT@SECLEVEL=0"})
        .out;
  };
  EXPECT_THAT(handshake("-tls1_3"), AllOf(HasSubstr("New, TLSv1.3"), HasSubstr("ALPN protocol: h2")));
  EXPECT_THAT(handshake("-tls1_2"), AllOf(HasSubstr("New, TLSv1.2"), HasSubstr("ALPN protocol: h2")));
  EXPECT_THAT(handshake("-tls1_1"), HasSubstr("New, (NONE)"));
}

// Documented in signer/README.md: a client that offers X25519MLKEM768 alone is refused, and does no harm.
TEST_F(ConformanceOperations, Case62_APostQuantumOnlyClient) {
  constexpr std::uint16_t kX25519MlKem768 = 0x11ec;
  constexpr std::uint16_t kP256 = 0x0017;
  EXPECT_TRUE(testing::AcceptsGroup(fixture().address(), kP256));
  EXPECT_FALSE(testing::AcceptsGroup(fixture().address(), kX25519MlKem768));
  EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
}

// Not istiod's INTERNAL, which clients retry five times within seconds: UNAVAILABLE, which they retry too.
TEST(ConformanceState, Case53_NoSigningKey) {
  DaemonFixture fixture;
  fixture.hsm().TakeAway();
  ASSERT_THAT(fixture.Start(), IsOk());
  // Nor is there a serving certificate that a client could verify: this one looks away.
  EXPECT_THAT(testing::Send(fixture.address(), "", IstioCall().Bearer(fixture.Token()), Transport::kTlsUnverified),
              SigningError(grpc::StatusCode::UNAVAILABLE, kNotReady));
  const std::string metrics = MetricsOf(fixture.daemon());
  EXPECT_THAT(metrics, HasSubstr(R"(citadel_server_csr_sign_err_count{error="CA_NOT_READY"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(citadel_server_csr_sign_err_count{error="CERT_GEN_ERROR"} 0)"));
  fixture.hsm().GiveBack();
  fixture.WaitUntilServing();
}

TEST(ConformanceState, Case54_StartIsRefusedWithoutAFittingCertificate) {
  DaemonFixture fixture;
  const Identity stranger = testing::MakeCa("a stranger");
  ASSERT_THAT(WriteFileAtomically(fixture.directory() / "stranger.pem", stranger.CertificatePem(), 0600), IsOk());
  config::Authority& authority = fixture.config().authorities.front();
  const config::Authority good = authority;
  authority.chain_file = authority.bundle_file = fixture.directory() / "stranger.pem";
  EXPECT_THAT(fixture.Start(), HasReason("authority_key"));
  authority.bundle_file = fixture.directory() / "no-such-file.pem";
  EXPECT_FALSE(fixture.Start().ok());
  authority = good;
  EXPECT_THAT(fixture.Start(), IsOk());
}

// The token hangs inside C_Sign: the caller is told in time, everybody else is served when it goes on.
TEST(ConformanceState, Case60_AStalledToken) {
  DaemonFixture fixture;
  fixture.config().modules.front().path = testing::ProbeModulePath();
  fixture.config().limits.request_deadline = std::chrono::seconds(1);
  ASSERT_THAT(fixture.Start(), IsOk());
  const auto ask = [&](const std::string& account) {
    return testing::Send(fixture.address(), fixture.root_pem(),
                         IstioCall().Bearer(fixture.Token({.service_account = account})));
  };
  ASSERT_THAT(ask("first"), WasIssuedTo("spiffe://cluster.local/ns/default/sa/first"));
  testing::Probe& probe = testing::LoadedProbe();
  probe.Stall(testing::Call::kSign);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(ask("stalled"), SigningError(grpc::StatusCode::UNAVAILABLE, kNotReady));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << "not the client's 20 s";
  // Who needs no signature is answered meanwhile.
  EXPECT_THAT(testing::Send(fixture.address(), fixture.root_pem(), {}), AuthenticationRefused());
  probe.Release(testing::Call::kSign);
  EXPECT_TRUE(Eventually([&] { return ask("other").ok(); }));
  EXPECT_TRUE(Eventually([&] { return ask("stalled").ok(); }));
}

}  // namespace
}  // namespace rootkeep
