#include "signer/rpc/istio_service.h"

#include <grpcpp/create_channel.h>

#include <atomic>
#include <new>
#include <thread>

#include "signer/ledger/open_ledger.h"
#include "signer/rpc/server.h"
#include "signer/rpc/server_credentials.h"
#include "tests/support/eventually.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace rootkeep {
namespace {

// Lets everybody in, or is overloaded at first, or throws, as a library out of memory would.
class FakeAuthenticator final : public Authenticator {
 public:
  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override {
    if (throws) throw std::bad_alloc();
    if (refusals > 0) {
      --refusals;
      return ResourceExhausted("full").WithReason("queue_full").WithRetryAfter(std::chrono::milliseconds(20));
    }
    return Caller{.identities = {GeneralNameFromText("spiffe://cluster.local/ns/default/sa/web")},
                  .authenticator = "fake",
                  .trust_domain = "cluster.local",
                  .peer = std::string(call.peer)};
  }

  bool throws = false;
  mutable std::atomic<int> refusals = 0;
};

class IstioServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = dir_ / "ledger.db"}));
    authorities_.Replace({authority_.authority});
    issuer_ = std::make_unique<Issuer>(
        Issuer::Parts{
            .authorities = authorities_, .policy = policy_, .ledger = *ledger_, .metrics = metrics_, .clock = clock_},
        IssuerOptions{});
    service_ = std::make_unique<IstioService>(authenticator_, *issuer_, metrics_, std::chrono::seconds(10));
    const testing::Identity ca = testing::MakeCa();
    const testing::Identity serving = testing::MakeIdentity({.san = "DNS:localhost"}, &ca);
    ASSERT_OK_AND_ASSIGN(identity_,
                         ServingIdentity::Make(serving.KeyPem(), serving.CertificatePem(), ca.CertificatePem()));
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({{"127.0.0.1:0", identity_->Credentials({"cluster.local"})},
                                                 {"127.0.0.1:0", grpc::InsecureServerCredentials()}},
                                                {service_.get()}));
    ca_ = ca.CertificatePem();
    stub_ = StubFor(0, grpc::SslCredentials({.pem_root_certs = ca_}));
  }
  void TearDown() override {
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    issuer_.reset();
  }

  std::unique_ptr<istio::v1::auth::IstioCertificateService::Stub> StubFor(
      std::size_t listener, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
      const grpc::ChannelArguments& arguments = {}) {
    return istio::v1::auth::IstioCertificateService::NewStub(
        grpc::CreateCustomChannel("localhost:" + std::to_string(server_->ports()[listener]), credentials, arguments));
  }

  grpc::Status Call() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    istio::v1::auth::IstioCertificateRequest request;
    request.set_csr(testing::MakeCsrPem());
    const grpc::Status status = stub_->CreateCertificate(&context, request, &response_);
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto id = trailers.find("x-request-id");
    request_id_ = id == trailers.end() ? "" : std::string(id->second.data(), id->second.size());
    return status;
  }

  const testing::TempDir dir_;
  testing::IssuingAuthority authority_;
  AuthoritySet authorities_;
  Snapshot<Policy> policy_{std::make_shared<Policy>()};
  Metrics metrics_;
  SystemClock clock_;
  FakeAuthenticator authenticator_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<IstioService> service_;
  std::unique_ptr<ServingIdentity> identity_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<istio::v1::auth::IstioCertificateService::Stub> stub_;
  istio::v1::auth::IstioCertificateResponse response_;
  std::string request_id_;
  std::string ca_;
};

TEST_F(IstioServiceTest, AnswersLeafChainAndBundleWithARequestId) {
  EXPECT_TRUE(Call().ok());
  ASSERT_EQ(response_.cert_chain_size(), 3);
  EXPECT_EQ(response_.cert_chain(1), authority_.authority->chain_elements().front());
  EXPECT_EQ(response_.cert_chain(2), authority_.authority->trust_bundle_pem());
  EXPECT_EQ(request_id_.size(), 16U);
}

TEST_F(IstioServiceTest, AnExceptionEndsTheCallAndNotTheProcess) {
  authenticator_.throws = true;
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(request_id_.empty());
  authenticator_.throws = false;
  EXPECT_TRUE(Call().ok());
}

TEST_F(IstioServiceTest, TellsClientsWhenToComeBack) {
  authenticator_.refusals = 1;
  grpc::ClientContext context;
  EXPECT_EQ(stub_->CreateCertificate(&context, {}, &response_).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(found, trailers.end());
  EXPECT_EQ(std::string(found->second.data(), found->second.size()), "20");
}

// Its own back-off would take far longer than the call may.
TEST_F(IstioServiceTest, AClientWithRetriesComesBackWhenItWasTold) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3,
      "initialBackoff": "900s", "maxBackoff": "900s", "backoffMultiplier": 1,
      "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]})");
  stub_ = StubFor(0, grpc::SslCredentials({.pem_root_certs = ca_}), arguments);
  authenticator_.refusals = 2;
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(authenticator_.refusals, 0);
}

// A megabyte of zeros is a kilobyte of gzip.
TEST_F(IstioServiceTest, RefusesCompressedRequests) {
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  istio::v1::auth::IstioCertificateRequest request;
  request.set_csr(std::string(100'000, '0'));
  EXPECT_EQ(stub_->CreateCertificate(&context, request, &response_).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// gRPC's server ends when its connections are closed, whether or not every call was answered.
TEST_F(IstioServiceTest, AnAnswerAfterTheServerHasEndedIsDropped) {
  {
    const testing::GatedSigner::Stall stall = authority_.signer->Close();
    grpc::ClientContext context;
    std::jthread client([&] {
      istio::v1::auth::IstioCertificateRequest request;
      request.set_csr(testing::MakeCsrPem());
      EXPECT_EQ(stub_->CreateCertificate(&context, request, &response_).error_code(), grpc::StatusCode::CANCELLED);
    });
    ASSERT_TRUE(testing::Eventually([&] { return authority_.signer->waiting() == 1; }));
    context.TryCancel();
    client.join();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  }
  EXPECT_TRUE(issuer_->Drain(After(std::chrono::seconds(10))));
  EXPECT_EQ(authority_.signer->signatures(), 1);
}

// Whatever it carries: here an authenticator that lets everybody in.
TEST_F(IstioServiceTest, RefusesCallsWithoutTls) {
  stub_ = StubFor(1, grpc::InsecureChannelCredentials());
  EXPECT_EQ(Call().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace rootkeep
