// What a relay passes on, and what it does not.
#include "tests/unit/tools/relay/relay_fixture.h"

namespace rootkeep::relay {
namespace {

using rootkeep::testing::RelayAnswer;
using rootkeep::testing::RelayFixture;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

class RelayTest : public RelayFixture {
 protected:
  void SetUp() override { Start(); }
};

TEST_F(RelayTest, PassesRequestAndAnswerOnUnchanged) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer the.token.itself");
  context.AddMetadata("authorization", "Basic second");
  context.AddMetadata("clusterid", "Kubernetes");
  context.AddMetadata("x-own", "more");
  context.AddMetadata("x-own-bin", std::string("\0\xff", 2));
  const RelayAnswer answer = Call(context);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.chain, ElementsAre("leaf", "root"));
  EXPECT_THAT(answer.trailing, Contains(Pair("x-request-id", "0000000000000001")));
  const auto calls = ca_->Calls();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].csr, "a request");
  EXPECT_EQ(calls[0].ttl, 77);
  EXPECT_THAT(calls[0].metadata, Contains(Pair("authorization", "Bearer the.token.itself")));
  EXPECT_THAT(calls[0].metadata, Contains(Pair("authorization", "Basic second")));
  EXPECT_THAT(calls[0].metadata, Contains(Pair("clusterid", "Kubernetes")));
  EXPECT_THAT(calls[0].metadata, Contains(Pair("x-own", "more")));
  EXPECT_THAT(calls[0].metadata, Contains(Pair("x-own-bin", std::string("\0\xff", 2))));
  EXPECT_EQ(calls[0].client_certificate, node_.CertificatePem()) << "the node's connection";
  const auto told = told_.Calls();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].code, "OK");
  EXPECT_EQ(told[0].by, "ca");
  EXPECT_EQ(told[0].request_id, "0000000000000001");
  EXPECT_TRUE(told[0].peer.starts_with("ipv4:127.0.0.1:")) << told[0].peer;
}

TEST_F(RelayTest, PassesARefusalOnUnchanged) {
  for (const auto code :
       {grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::PERMISSION_DENIED, grpc::StatusCode::INVALID_ARGUMENT,
        grpc::StatusCode::DEADLINE_EXCEEDED, grpc::StatusCode::UNAVAILABLE}) {
    ca_->Answer(code, "in the CA's words", std::string("de\0tails", 8));
    const RelayAnswer answer = Call();
    EXPECT_EQ(answer.status.error_code(), code);
    EXPECT_EQ(answer.status.error_message(), "in the CA's words");
    EXPECT_EQ(answer.status.error_details(), std::string("de\0tails", 8));
    EXPECT_EQ(answer.trailing.count("x-request-id"), 1U);
    EXPECT_EQ(told_.Calls().back().by, "ca");
  }
}

TEST_F(RelayTest, ServesNoOtherMethod) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  const auto health = grpc::health::v1::Health::NewStub(Channel(root_));
  EXPECT_EQ(health->Check(&context, {}, &response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(told_.Calls().back().by, "relay");
}

TEST_F(RelayTest, WhatIsTooLongOrCompressedGoesNowhere) {
  grpc::ClientContext long_call;
  EXPECT_EQ(Call(long_call, Channel(root_), std::string(300 * 1024, 'x')).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  grpc::ClientContext compressed;
  compressed.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EXPECT_FALSE(Call(compressed, Channel(root_), std::string(10'000, 'x')).status.ok());
  EXPECT_TRUE(ca_->Calls().empty());
}

TEST_F(RelayTest, TheClientsDeadlineHoldsForTheCa) {
  ca_->Hang();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(Call(context).status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace rootkeep::relay
