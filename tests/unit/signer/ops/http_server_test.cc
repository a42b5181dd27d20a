#include "signer/ops/http_server.h"

#include <curl/curl.h>

#include <atomic>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using ::testing::HasSubstr;

struct Response {
  long status = 0;  // NOLINT(google-runtime-int): curl's type
  std::string body;
};

std::size_t Append(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

Response Ask(const HttpServer& server, const std::string& path, const char* method = "GET") {
  Response response;
  CURL* curl = curl_easy_init();
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);
  EXPECT_EQ(curl_easy_perform(curl), CURLE_OK);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
  curl_easy_cleanup(curl);
  return response;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(server_, HttpServer::Start("127.0.0.1:0", Parts())); }

  HttpServer::Parts Parts() {
    return {[this] { return "issued_total " + std::to_string(++issued_) + "\n"; }, readiness_};
  }

  std::atomic<int> issued_ = 0;
  Readiness readiness_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesMetrics) {
  const Response response = Ask(*server_, "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "issued_total 1\n");
  EXPECT_EQ(Ask(*server_, "/metrics").body, "issued_total 2\n") << "as they are then";
}

TEST_F(HttpServerTest, SaysWhyItIsNotReady) {
  readiness_.Report("token root", "no token with label \"root\"");
  EXPECT_EQ(Ask(*server_, "/livez").status, 200);
  Response response = Ask(*server_, "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("[-] token root not ready: no token with label"));
  readiness_.Report("token root", "");
  response = Ask(*server_, "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("[+] token root ok"));
}

TEST_F(HttpServerTest, ShowsWarningsBesideWhatIsReady) {
  readiness_.Report("ledger", "");
  readiness_.Warn("key rk/app/web/1", "not in the token");
  const Response response = Ask(*server_, "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("[!] key rk/app/web/1: not in the token"));
}

TEST_F(HttpServerTest, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(Ask(*server_, "/etc/passwd").status, 404);
  EXPECT_EQ(Ask(*server_, "/metrics", "POST").status, 405);
}

TEST_F(HttpServerTest, SaysWhenTheAddressIsTaken) {
  EXPECT_THAT(HttpServer::Start("127.0.0.1:" + std::to_string(server_->port()), Parts()),
              testing::HasCode(Code::kUnavailable));
}

}  // namespace
}  // namespace rootkeep
