// Calls that come together are issued together, and each is answered by itself.
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/unit/signer/rpc/istio_service_fixture.h"

namespace rootkeep {
namespace {

using testing::ForgetfulLedger;
using At = ForgetfulLedger::At;

class IstioBatchTest : public testing::IstioServiceFixture {
 protected:
  static constexpr int kCalls = 20;

  // As many calls as that at once, some of them, or none, with something that is no request.
  std::vector<grpc::StatusCode> CallTogether(bool bad) {
    std::vector<grpc::StatusCode> codes(kCalls, grpc::StatusCode::UNKNOWN);
    std::vector<std::string> requests;
    for (int i = 0; i < kCalls; ++i) requests.push_back(bad && IsBad(i) ? "dumb CSR" : testing::MakeCsrPem());
    std::barrier together(kCalls);
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < kCalls; ++i) {
      clients.emplace_back([&, i] {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
        istio::v1::auth::IstioCertificateRequest request;
        request.set_csr(requests[i]);
        istio::v1::auth::IstioCertificateResponse response;
        together.arrive_and_wait();
        codes[i] = stub_->CreateCertificate(&context, request, &response).error_code();
        if (codes[i] == grpc::StatusCode::UNAVAILABLE) forgetful_->Answered();
        EXPECT_EQ(response.cert_chain_size(), codes[i] == grpc::StatusCode::OK ? 3 : 0);
      });
    }
    clients.clear();
    return codes;
  }
  static bool IsBad(int call) { return call % 5 == 4; }
  static void ExpectAnswers(const std::vector<grpc::StatusCode>& codes, int unavailable) {
    for (int i = 0; i < kCalls; ++i) {
      const grpc::StatusCode code = codes[static_cast<std::size_t>(i)];
      if (IsBad(i)) {
        EXPECT_EQ(code, grpc::StatusCode::INVALID_ARGUMENT) << i;
      } else if (code == grpc::StatusCode::UNAVAILABLE) {
        --unavailable;
      } else {
        EXPECT_EQ(code, grpc::StatusCode::OK) << i;
      }
    }
    EXPECT_EQ(unavailable, 0);
  }
};

TEST_F(IstioBatchTest, CallsAreGathered) {
  // Where nothing is gained by it, each is issued for at once.
  const unsigned expected = Issuer::BestBatch() > 1 ? 2 : 1;
  // A call that is refused would not be seen to be issued for.
  EXPECT_TRUE(testing::Eventually([&] {
    CallTogether(/*bad=*/false);
    return gathering_.most() >= expected;
  }));
  EXPECT_LE(gathering_.most(), Issuer::BestBatch());
}

TEST_F(IstioBatchTest, EachIsAnsweredByItself) { ExpectAnswers(CallTogether(/*bad=*/true), 0); }

TEST_F(IstioBatchTest, OneThatThrowsKeepsNoOtherFromItsAnswer) {
  for (const At at : {At::kFind, At::kIntend, At::kIntended}) {
    forgetful_->Forget(at, "", 1);
    ExpectAnswers(CallTogether(/*bad=*/true), 1);
  }
  EXPECT_TRUE(issuer_->Drain(After(std::chrono::seconds(10))));
}

}  // namespace
}  // namespace rootkeep
