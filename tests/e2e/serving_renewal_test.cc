// The daemon's own certificate is renewed while it serves: nobody notices, whoever looks sees another.
#include "keystore/base/clock.h"
#include "tests/e2e/raw_tls.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::IstioAnswer;
using testing::IstioCall;
using testing::RawHttp2;
using testing::WasIssuedTo;

class ServingRenewal : public testing::SharedDaemon {
 public:
  // A serving certificate lives as long as a workload's that asks for nothing, and is renewed after two thirds of it.
  static void SetUpTestSuite() {
    StartWith([](config::Config& config) {
      config.authorities.front().lifetimes = {.default_ttl = std::chrono::seconds(6),
                                              .max_ttl = std::chrono::hours(1),
                                              .min_ttl = std::chrono::seconds(1),
                                              .backdate = std::chrono::seconds(0)};
    });
  }

 protected:
  static RawHttp2 Connect() { return {fixture().address(), "TLS_AES_128_GCM_SHA256"}; }
  static bool Over(const X509* certificate) {
    return ToUnixSeconds(SystemClock().Now()) > testing::NotAfterSeconds(certificate);
  }
};

TEST_F(ServingRenewal, BeforeItExpiresAndWithoutARestart) {
  const testing::Identity workload = Workload("URI:" + std::string(kSelf));
  RawHttp2 open = Connect();
  ASSERT_EQ(open.Ping(1), 1);
  const ossl::Cert first = open.certificate();
  // Every call makes a connection and verifies what it is shown: before, during and after.
  while (!Over(first.get())) {
    ASSERT_THAT(Ask(), WasIssuedTo(kSelf)) << "without a client certificate";
    ASSERT_THAT(AskAs({.certificate = &workload}), WasIssuedTo(kSelf)) << "with one";
  }
  EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
  EXPECT_THAT(AskAs({.certificate = &workload}), WasIssuedTo(kSelf));
  EXPECT_EQ(open.Ping(1), 1) << "a connection that was there before";

  const RawHttp2 fresh = Connect();
  ASSERT_TRUE(fresh.connected());
  const ossl::Cert second = fresh.certificate();
  EXPECT_NE(X509_cmp(first.get(), second.get()), 0);
  EXPECT_LE(testing::NotBeforeSeconds(second.get()), testing::NotAfterSeconds(first.get())) << "renewed in time";
  EXPECT_EQ(testing::NamesOf(second.get()), testing::NamesOf(first.get()));
}

}  // namespace
}  // namespace rootkeep
