#include "signer/client/istio_client.h"

#include <thread>

#include "signer/client/health_client.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/unit/signer/client/fake_ca.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::FakeCa;
using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::Says;
using ::testing::SizeIs;

constexpr char kServerName[] = "istiod.istio-system.svc";

class IstioClientTest : public ::testing::Test {
 protected:
  IstioClientOptions Options() const {
    IstioClientOptions options;
    options.channel.address = ca_.address();
    options.channel.root_pem = ca_.root_pem();
    options.channel.server_name = kServerName;
    options.retry.first_wait = std::chrono::milliseconds(1);
    return options;
  }

  Result<IstioClient::Answer> Ask(IstioClientOptions options) {
    RK_TRY(const auto client, IstioClient::Make(std::move(options)));
    return client->CreateCertificate("the request", 3600, "");
  }

  FakeCa ca_;
};

TEST_F(IstioClientTest, SendsTheRequestAndReturnsTheWholeChain) {
  ca_.SetChain({"leaf", "issuer", "roots"});
  ASSERT_OK_AND_ASSIGN(const auto answer, Ask(Options()));
  EXPECT_THAT(answer.cert_chain, ElementsAre("leaf", "issuer", "roots"));
  EXPECT_EQ(answer.request_id, "0000000000000001");
  EXPECT_EQ(answer.attempts, 1U);
  ASSERT_THAT(ca_.Calls(), SizeIs(1));
  EXPECT_EQ(ca_.Calls()[0].csr, "the request");
  EXPECT_EQ(ca_.Calls()[0].ttl, 3600);
  EXPECT_EQ(ca_.Calls()[0].impersonated, "");
}

TEST_F(IstioClientTest, AStopEndsACallUnderWay) {
  ca_.Hang();
  std::stop_source stop;
  IstioClientOptions options = Options();
  options.deadline = std::chrono::minutes(5);
  options.stop = stop.get_token();
  ASSERT_OK_AND_ASSIGN(const auto client, IstioClient::Make(std::move(options)));
  const std::jthread stopper([&] {
    EXPECT_TRUE(testing::Eventually([this] { return ca_.Calls().size() == 1; }));
    stop.request_stop();
  });
  EXPECT_THAT(client->CreateCertificate("r", 0, ""), HasCode(Code::kCancelled));
  // And the next before it begins.
  EXPECT_THAT(client->CreateCertificate("r", 0, ""), HasCode(Code::kCancelled));
}

TEST_F(IstioClientTest, AStopEndsTheWaitBetweenTwoTries) {
  ca_.Answer(grpc::StatusCode::UNAVAILABLE, "not ready");
  std::stop_source stop;
  IstioClientOptions options = Options();
  options.deadline = std::chrono::minutes(5);
  options.retry.first_wait = std::chrono::minutes(2);
  options.stop = stop.get_token();
  const std::jthread stopper([&] {
    EXPECT_TRUE(testing::Eventually([this] { return ca_.Calls().size() == 1; }));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(Ask(std::move(options)).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

TEST_F(IstioClientTest, SendsTokenAndClusterAsTheAgentDoes) {
  IstioClientOptions options = Options();
  options.bearer_token = SecretBytes(std::string_view("a.b.c"));
  options.cluster_id = "Kubernetes";
  ASSERT_THAT(Ask(std::move(options)), IsOk());
  const auto metadata = ca_.Calls()[0].metadata;
  EXPECT_EQ(metadata.find("authorization")->second, "Bearer a.b.c");
  EXPECT_EQ(metadata.find("clusterid")->second, "Kubernetes");
}

TEST_F(IstioClientTest, SendsNoCredentialHeadersUnlessGiven) {
  ASSERT_THAT(Ask(Options()), IsOk());
  EXPECT_EQ(ca_.Calls()[0].metadata.count("authorization"), 0U);
  EXPECT_EQ(ca_.Calls()[0].metadata.count("clusterid"), 0U);
}

TEST_F(IstioClientTest, NamesTheImpersonatedIdentity) {
  ASSERT_OK_AND_ASSIGN(const auto client, IstioClient::Make(Options()));
  ASSERT_THAT(client->CreateCertificate("r", 0, "spiffe://td/ns/a/sa/b"), IsOk());
  EXPECT_EQ(ca_.Calls()[0].impersonated, "spiffe://td/ns/a/sa/b");
}

TEST_F(IstioClientTest, ShowsItsClientCertificate) {
  const testing::SelfSigned own = testing::MakeSelfSigned("client");
  IstioClientOptions options = Options();
  options.channel.certificate_chain_pem = own.certificate_pem;
  options.channel.private_key_pem = SecretBytes(own.key_pem);
  ASSERT_THAT(Ask(std::move(options)), IsOk());
  EXPECT_EQ(ca_.Calls()[0].client_certificate, own.certificate_pem);
}

TEST_F(IstioClientTest, TriesAgainWhileTheServerIsAwayOrFull) {
  ca_.Answer(grpc::StatusCode::UNAVAILABLE, "not ready");
  ca_.Answer(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many");
  ASSERT_OK_AND_ASSIGN(const auto answer, Ask(Options()));
  EXPECT_EQ(answer.attempts, 3U);
}

TEST_F(IstioClientTest, GivesUpAfterFiveAttemptsWithTheServersWords) {
  for (int i = 0; i < 6; ++i) ca_.Answer(grpc::StatusCode::UNAVAILABLE, "not ready");
  const auto answer = Ask(Options());
  EXPECT_THAT(answer, HasCode(Code::kUnavailable));
  EXPECT_THAT(answer, Says("not ready"));
  EXPECT_THAT(answer, Says("0000000000000005"));
  EXPECT_THAT(ca_.Calls(), SizeIs(5));
}

TEST_F(IstioClientTest, TriesOnceWhenToldSo) {
  ca_.Answer(grpc::StatusCode::UNAVAILABLE, "not ready");
  IstioClientOptions options = Options();
  options.retry.attempts = 1;
  EXPECT_THAT(Ask(std::move(options)), HasCode(Code::kUnavailable));
  EXPECT_THAT(ca_.Calls(), SizeIs(1));
}

TEST_F(IstioClientTest, DoesNotRepeatARefusal) {
  ca_.Answer(grpc::StatusCode::UNAUTHENTICATED, "request authenticate failure");
  const auto answer = Ask(Options());
  EXPECT_THAT(answer, HasCode(Code::kUnauthenticated));
  EXPECT_THAT(answer, Says("request authenticate failure"));
  EXPECT_THAT(ca_.Calls(), SizeIs(1));
}

TEST_F(IstioClientTest, EndsAtItsDeadlineThoughTheServerHangs) {
  ca_.Hang();
  IstioClientOptions options = Options();
  options.deadline = std::chrono::milliseconds(50);
  EXPECT_THAT(Ask(std::move(options)), HasCode(Code::kDeadlineExceeded));
}

TEST_F(IstioClientTest, RefusesAServerOfAnotherRoot) {
  IstioClientOptions options = Options();
  options.channel.root_pem = testing::MakeSelfSigned(kServerName).certificate_pem;
  options.retry.attempts = 1;
  EXPECT_THAT(Ask(std::move(options)), HasCode(Code::kUnavailable));
  EXPECT_THAT(ca_.Calls(), SizeIs(0));
}

TEST_F(IstioClientTest, RefusesAServerOfAnotherName) {
  IstioClientOptions options = Options();
  options.channel.server_name = "elsewhere.example";
  options.retry.attempts = 1;
  EXPECT_THAT(Ask(std::move(options)), HasCode(Code::kUnavailable));
  EXPECT_THAT(ca_.Calls(), SizeIs(0));
}

TEST_F(IstioClientTest, RefusesAnAnswerWithoutBundle) {
  ca_.SetChain({"leaf"});
  EXPECT_THAT(Ask(Options()), HasCode(Code::kDataLoss));
}

TEST_F(IstioClientTest, RefusesOptionsThatMakeNoConnection) {
  IstioClientOptions no_root = Options();
  no_root.channel.root_pem.clear();
  EXPECT_THAT(Ask(std::move(no_root)), HasCode(Code::kInvalidArgument));
  IstioClientOptions no_key = Options();
  no_key.channel.certificate_chain_pem = ca_.root_pem();
  EXPECT_THAT(Ask(std::move(no_key)), HasCode(Code::kInvalidArgument));
}

TEST_F(IstioClientTest, RefusesCredentialsThatNoHeaderCarries) {
  using namespace std::string_literals;
  for (const std::string& wrong : {"a\nb"s, "a\xff"s, "a\0b"s, "a\x7f"s, "\t"s}) {
    IstioClientOptions token = Options();
    token.bearer_token = SecretBytes(wrong);
    const auto refused = Ask(std::move(token));
    EXPECT_THAT(refused, HasCode(Code::kInvalidArgument));
    EXPECT_THAT(refused, Says("token"));
    IstioClientOptions cluster = Options();
    cluster.cluster_id = wrong;
    EXPECT_THAT(Ask(std::move(cluster)), Says("cluster id"));
  }
  EXPECT_THAT(ca_.Calls(), SizeIs(0));
}

TEST_F(IstioClientTest, HealthIsAskedByService) {
  ASSERT_OK_AND_ASSIGN(const auto channel, OpenChannel(Options().channel));
  const Deadline deadline = After(std::chrono::seconds(10));
  EXPECT_THAT(IsServing(channel, "up", deadline), ::testing::Optional(true));
  EXPECT_THAT(IsServing(channel, "", deadline), ::testing::Optional(false));
  EXPECT_THAT(IsServing(channel, "unknown", deadline), HasCode(Code::kNotFound));
}

TEST(RetryTest, WaitsDoubleAndStayInsideTheJitter) {
  const RetryPolicy policy;
  EXPECT_EQ(WaitAfter(policy, 1, 0.5).count(), 100);
  EXPECT_EQ(WaitAfter(policy, 4, 0.5).count(), 800);
  EXPECT_EQ(WaitAfter(policy, 2, 0.0).count(), 180);
  EXPECT_EQ(WaitAfter(policy, 2, 1.0).count(), 220);
}

TEST(RetryTest, OnlyAbsenceAndOverloadAreWorthIt) {
  EXPECT_TRUE(WorthRetrying(Code::kUnavailable));
  EXPECT_TRUE(WorthRetrying(Code::kResourceExhausted));
  EXPECT_FALSE(WorthRetrying(Code::kDeadlineExceeded));
  EXPECT_FALSE(WorthRetrying(Code::kUnauthenticated));
  EXPECT_FALSE(WorthRetrying(Code::kInternal));
}

}  // namespace
}  // namespace rootkeep
