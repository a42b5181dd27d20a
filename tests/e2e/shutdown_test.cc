// SIGTERM: rootkeepd lets the requests under way finish, takes no new ones, and ends with exit code 0.
#include <fmt/format.h>
#include <signal.h>

#include <future>

#include "signer/authority/certificates.h"
#include "signer/ledger/open_ledger.h"
#include "signer/metrics/names.h"
#include "tests/e2e/daemon_process.h"
#include "tests/e2e/raw_tls.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/sign_gate.h"

namespace rootkeep::testing {
namespace {

class Shutdown : public DaemonProcess {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(Prepare(ProbeModulePath())); }

  [[nodiscard]] std::future<IstioAnswer> AskMeanwhile(const std::string& service_account) const {
    return std::async(std::launch::async, [this, service_account] { return AskAs("demo", service_account); });
  }
  [[nodiscard]] bool UnderWay(int count) const {
    return Eventually([&] {
      const auto metrics =
          RunProgram({"curl", "-sS", "--noproxy", "*", "http://" + daemon().operations_address() + "/metrics"});
      return metrics.out.find(fmt::format("\n{} {}\n", metric_names::kInFlight, count)) != std::string::npos;
    });
  }
  // Whether it has stopped listening while its process is still there.
  [[nodiscard]] bool Draining() const {
    return Eventually([&] { return Ask({}).status.error_code() == grpc::StatusCode::UNAVAILABLE; }) && !Ended();
  }
  [[nodiscard]] bool Ended(std::chrono::milliseconds patience = {}) const {
    return daemon().child().WaitEnded(patience);
  }

  SignGate gate_{File("gate")};
};

TEST_F(Shutdown, RequestsUnderWayAreAnsweredFirst) {
  ASSERT_NO_FATAL_FAILURE(Start());
  gate_.Shut();
  std::vector<std::future<IstioAnswer>> calls;
  for (const char* account : {"one", "two", "three"}) calls.push_back(AskMeanwhile(account));
  gate_.AwaitOne();
  ASSERT_TRUE(UnderWay(3));
  Signal(SIGTERM);
  ASSERT_TRUE(Draining());
  gate_.Open();
  std::vector<IstioAnswer> answers;
  for (auto& call : calls) answers.push_back(call.get());
  EXPECT_THAT(answers, ::testing::Each(WasIssued()));
  ASSERT_TRUE(Ended(kPatience));
  EXPECT_EQ(daemon().Stop(kPatience), 0);

  // Nor is anything lost that only memory held.
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedgerReadOnly(files().state() + "/rootkeep.db"));
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger->List({.limit = kLedgerPage}));
  for (const IstioAnswer& answer : answers) {
    const Bytes der = CertificateDer(answer.Certificate().get());
    EXPECT_TRUE(std::ranges::any_of(entries, [&der](const LedgerEntry& entry) {
      return entry.status == EntryStatus::kIssued && entry.certificate == der;
    }));
  }
}

TEST_F(Shutdown, WhatOutlastsTheDrainIsCutOff) {
  Configure(Config() + "limits: {drain: 1s}\n");
  ASSERT_NO_FATAL_FAILURE(Start());
  gate_.Shut();
  auto call = AskMeanwhile("one");
  gate_.AwaitOne();
  Signal(SIGTERM);
  const IstioAnswer answer = call.get();
  EXPECT_FALSE(answer.ok()) << ::testing::PrintToString(answer);
  gate_.Open();
  ASSERT_TRUE(Ended(kPatience));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

// It never answers the GOAWAY either.
TEST_F(Shutdown, AnIdleConnectionHoldsItUpNoLongerThanTheDrain) {
  Configure(Config() + "limits: {drain: 1s}\n");
  ASSERT_NO_FATAL_FAILURE(Start());
  RawHttp2 idle(daemon().address(), "TLS_AES_128_GCM_SHA256");
  ASSERT_EQ(idle.Ping(1), 1);
  Signal(SIGTERM);
  EXPECT_TRUE(Ended(std::chrono::seconds(10)));
  EXPECT_EQ(daemon().Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
