#include "signer/authn/jwks_https.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "signer/authn/jwk_set.h"
#include "tests/support/eventually.h"
#include "tests/support/https_server.h"
#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using jose::HttpsEndpoint;
using jose::JwksHttps;
using std::chrono::milliseconds;
using testing::Eventually;
using testing::HasCode;
using testing::HasReason;
using testing::HttpsRequest;
using testing::HttpsResponse;
using testing::HttpsServer;
using testing::Identity;
using testing::IsOk;
using testing::JwksOf;
using testing::JwtMinter;
using testing::MakeCa;
using testing::MakeIdentity;
using testing::Says;

class JwksOverHttps : public testing::IssuerFixture {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteFileAtomically(dir_ / "ca.pem", ca_.CertificatePem(), 0644), IsOk());
    // As Kubernetes mounts it: readable by all, and with a line break that no header may hold.
    ASSERT_THAT(WriteFileAtomically(dir_ / "token", "sa-token\n", 0644), IsOk());
  }

  HttpsServer& Serve(const std::string& san, HttpsServer::Handler handler) {
    const Identity identity = MakeIdentity({.san = san}, &ca_);
    server_ = std::make_unique<HttpsServer>(identity, std::move(handler));
    return *server_;
  }
  // Answers `text` with status 200, always.
  HttpsServer& ServeText(const std::string& text) {
    HttpsServer& server = Serve("DNS:localhost", [text](const HttpsRequest&) { return HttpsResponse{.body = text}; });
    server.Listen();
    return server;
  }
  HttpsEndpoint Endpoint() { return {.url = server_->Url("/openid/v1/jwks"), .ca_file = dir_ / "ca.pem"}; }
  static Result<std::optional<std::string>> Load(const HttpsEndpoint& endpoint) {
    return JwksHttps(endpoint).Load(false, {});
  }

  Identity ca_ = MakeCa();
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(JwksOverHttps, GetsTheText) {
  ServeText("the keys");
  ASSERT_OK_AND_ASSIGN(const auto text, Load(Endpoint()));
  EXPECT_EQ(text, "the keys");
}

TEST_F(JwksOverHttps, SendsTheBearerTokenAndReadsItAnew) {
  Serve("DNS:localhost", [](const HttpsRequest& request) {
    return HttpsResponse{.status = request.authorization.empty() ? 401 : 200,
                         .body = request.path + " " + request.authorization};
  }).Listen();
  EXPECT_THAT(Load(Endpoint()), Says("HTTP status 401"));
  HttpsEndpoint endpoint = Endpoint();
  endpoint.bearer_token_file = dir_ / "token";
  JwksHttps loader(endpoint);
  ASSERT_OK_AND_ASSIGN(const auto first, loader.Load(false, {}));
  EXPECT_EQ(first, "/openid/v1/jwks Bearer sa-token");
  ASSERT_THAT(WriteFileAtomically(dir_ / "token", "rotated", 0644), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, loader.Load(false, {}));
  EXPECT_EQ(second, "/openid/v1/jwks Bearer rotated");
}

TEST_F(JwksOverHttps, RefusesATokenFileThatHoldsNoToken) {
  ServeText("x");
  HttpsEndpoint endpoint = Endpoint();
  endpoint.bearer_token_file = dir_ / "bad";
  EXPECT_THAT(Load(endpoint), HasCode(Code::kNotFound));
  for (const char* content : {"", "\n", "a\nb", "a\r\nx-evil: 1", "a b"}) {
    ASSERT_THAT(WriteFileAtomically(dir_ / "bad", content, 0644), IsOk());
    const auto loaded = Load(endpoint);
    EXPECT_THAT(loaded, Says("does not hold one token")) << content;
  }
  EXPECT_EQ(server_->requests(), 0);
}

TEST_F(JwksOverHttps, TrustsOnlyItsOwnCa) {
  ServeText("x");
  HttpsEndpoint endpoint = Endpoint();
  ASSERT_THAT(WriteFileAtomically(dir_ / "other.pem", MakeCa("other CA").CertificatePem(), 0644), IsOk());
  endpoint.ca_file = dir_ / "other.pem";
  EXPECT_THAT(Load(endpoint), HasCode(Code::kUnavailable));
  endpoint.ca_file = "";  // the system's anchors do not know it either
  EXPECT_THAT(Load(endpoint), HasCode(Code::kUnavailable));
  endpoint.ca_file = dir_ / "missing.pem";
  EXPECT_THAT(Load(endpoint), HasCode(Code::kUnavailable));
  EXPECT_EQ(server_->requests(), 0);
}

TEST_F(JwksOverHttps, ChecksTheHostName) {
  Serve("DNS:other.test,IP:127.0.0.1", [](const HttpsRequest&) { return HttpsResponse{.body = "x"}; }).Listen();
  EXPECT_THAT(Load(Endpoint()), HasCode(Code::kUnavailable));
  EXPECT_EQ(server_->requests(), 0);
}

TEST_F(JwksOverHttps, FollowsNoRedirect) {
  Serve("DNS:localhost", [](const HttpsRequest& request) {
    if (request.path == "/real") return HttpsResponse{.body = "x"};
    return HttpsResponse{.status = 302, .headers = "Location: /real\r\n"};
  }).Listen();
  EXPECT_THAT(Load(Endpoint()), Says("HTTP status 302"));
  EXPECT_EQ(server_->requests(), 1);
}

TEST_F(JwksOverHttps, SpeaksNothingButHttps) {
  ServeText("x");
  for (const std::string& url : {"http" + server_->Url("/").substr(5), "file://" + dir_ / "token", std::string("x")}) {
    HttpsEndpoint endpoint = Endpoint();
    endpoint.url = url;
    EXPECT_THAT(Load(endpoint), Says("(CURLE 1)")) << url;  // CURLE_UNSUPPORTED_PROTOCOL
  }
}

TEST_F(JwksOverHttps, AsksNoProxy) {
  ServeText("x");
  setenv("https_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_THAT(Load(Endpoint()), IsOk());
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
}

TEST_F(JwksOverHttps, BoundsTheAnswer) {
  ServeText(std::string(jose::kMaxJwkSet, ' '));
  EXPECT_THAT(Load(Endpoint()), IsOk());
  ServeText(std::string(jose::kMaxJwkSet + 1, ' '));
  EXPECT_THAT(Load(Endpoint()), HasCode(Code::kResourceExhausted));
}

TEST_F(JwksOverHttps, GivesUpOnAServerThatStalls) {
  std::promise<void> release;
  Serve("DNS:localhost", [gate = release.get_future().share()](const HttpsRequest&) {
    gate.wait();
    return HttpsResponse{};
  }).Listen();
  HttpsEndpoint endpoint = Endpoint();
  endpoint.timeout = milliseconds(100);
  EXPECT_THAT(Load(endpoint), Says("CURLE 28"));
  release.set_value();
}

TEST_F(JwksOverHttps, AStopRequestEndsATransferAtOnce) {
  std::promise<void> arrived;
  std::promise<void> release;
  Serve("DNS:localhost", [&arrived, gate = release.get_future().share()](const HttpsRequest&) {
    arrived.set_value();
    gate.wait();
    return HttpsResponse{};
  }).Listen();
  std::stop_source stop;
  HttpsEndpoint endpoint = Endpoint();
  endpoint.timeout = std::chrono::hours(1);
  Result<std::optional<std::string>> loaded = Internal("not run");
  std::thread loading([&] { loaded = JwksHttps(endpoint).Load(false, stop.get_token()); });
  arrived.get_future().wait();
  stop.request_stop();
  loading.join();
  EXPECT_THAT(loaded, HasCode(Code::kCancelled));
  release.set_value();
}

// The whole way: an API server that is down at start, comes up, and later rotates its key.
TEST_F(JwksOverHttps, AnIssuerServesWhenItsKeysArriveAndFollowsRotation) {
  const JwtMinter first("ES256", "first");
  const JwtMinter second("ES256", "second");
  const JwtMinter other("ES256", "first");
  // The server outlives this function: it may be answering the issuer's next look when the test ends.
  const auto rotated = std::make_shared<std::atomic<bool>>(false);
  HttpsServer& server =
      Serve("DNS:localhost", [rotated, before = JwksOf({first.Jwk()}),
                              after = JwksOf({first.Jwk(), second.Jwk()})](const HttpsRequest& request) {
        if (request.authorization != "Bearer sa-token") return HttpsResponse{.status = 403};
        return HttpsResponse{.body = *rotated ? after : before};
      });
  TokenIssuerConfig remote = IssuerWith("", "remote");
  remote.jwks = {.url = server.Url("/openid/v1/jwks"), .ca_file = dir_ / "ca.pem", .bearer_token_file = dir_ / "token"};
  remote.jwks.retry = remote.jwks.last_retry = remote.jwks.on_demand = milliseconds(5);
  TokenIssuerConfig local = IssuerWith(JwksOf({other.Jwk()}), "local");
  local.issuer = "https://local.test";
  Start({remote, local});

  testing::TokenSpec of_local = Good();
  of_local.issuer = "https://local.test";
  EXPECT_THAT(Ask(first, Good()), HasReason("jwks_unavailable"));
  EXPECT_THAT(Ask(other, of_local), IsOk());
  ASSERT_TRUE(Eventually([&] { return !jwt_->DescribeIssuers()[0].jwks.error.empty(); }));

  server.Listen();
  ASSERT_TRUE(Eventually([&] { return Ask(first, Good()).ok(); }));
  EXPECT_THAT(Ask(second, Good()), HasReason("token_key_unknown"));

  // The interval is five minutes: only the unknown kid can bring the new key.
  *rotated = true;
  ASSERT_TRUE(Eventually([&] { return Ask(second, Good()).ok(); }));
  EXPECT_THAT(Ask(first, Good()), IsOk());
  EXPECT_THAT(Ask(other, of_local), IsOk());
}

}  // namespace
}  // namespace rootkeep
