#include "signer/rpc/health_service.h"

#include <grpcpp/create_channel.h>

#include "signer/rpc/server.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({{"127.0.0.1:0", grpc::InsecureServerCredentials()}}, {&service_}));
    stub_ = grpc::health::v1::Health::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->ports()[0]), grpc::InsecureChannelCredentials()));
    request_.set_service("ca");
  }
  void TearDown() override {
    health_.Stop();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  }

  grpc::StatusCode Check() {
    grpc::ClientContext context;
    return stub_->Check(&context, request_, &response_).error_code();
  }

  Health health_;
  HealthService service_{health_};
  std::unique_ptr<Server> server_;
  std::unique_ptr<grpc::health::v1::Health::Stub> stub_;
  HealthCheckRequest request_;
  HealthCheckResponse response_;
};

TEST_F(HealthServiceTest, ChecksWhatWasSet) {
  EXPECT_EQ(Check(), grpc::StatusCode::NOT_FOUND);
  health_.Set("ca", false);
  EXPECT_EQ(Check(), grpc::StatusCode::OK);
  EXPECT_EQ(response_.status(), HealthCheckResponse::NOT_SERVING);
  health_.Set("ca", true);
  EXPECT_EQ(Check(), grpc::StatusCode::OK);
  EXPECT_EQ(response_.status(), HealthCheckResponse::SERVING);
}

TEST_F(HealthServiceTest, TellsWatchersEveryChange) {
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, request_);
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.Set("ca", true);
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::SERVING);
  health_.Set("ca", true);
  health_.Set("ca", false);
  ASSERT_TRUE(reader->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, EndsWatchesWhenItStops) {
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, request_);
  ASSERT_TRUE(reader->Read(&response_));
  health_.Stop();
  EXPECT_FALSE(reader->Read(&response_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, SurvivesAClientThatHangsUp) {
  {
    grpc::ClientContext context;
    const auto reader = stub_->Watch(&context, request_);
    ASSERT_TRUE(reader->Read(&response_));
    context.TryCancel();
    EXPECT_FALSE(reader->Read(&response_));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  health_.Set("ca", true);
  EXPECT_EQ(Check(), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace rootkeep
