#include "signer/rpc/istio_service.h"

#include <thread>

#include "tests/support/eventually.h"
#include "tests/unit/signer/rpc/istio_service_fixture.h"

namespace rootkeep {
namespace {

using IstioServiceTest = testing::IstioServiceFixture;

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
