// Overload: who waits for a key, who is next, and who is told that there is no room.
#include "signer/issue/places.h"
#include "tests/support/eventually.h"
#include "tests/unit/signer/issue/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::GatedSigner;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kPatience;
using testing::MakeCsrPem;
using testing::Workload;

using Fairness = testing::IssuerFixture;

// Without turns the quiet caller would be the hundredth.
TEST_F(Fairness, ACallerWithManyRequestsDoesNotHoldUpAnother) {
  constexpr std::uint32_t kFlood = 100;
  const std::string csr = MakeCsrPem();
  Mutex mutex;
  std::vector<std::string> answered;
  const auto issue = [&](const std::string& name, std::uint32_t ttl) {
    std::vector<Issuer::Ask> asks;
    asks.push_back({Workload(name), {.csr_pem = csr, .requested_ttl = ttl}, After(kPatience), [&, name](auto result) {
                      const MutexLock lock(mutex);
                      answered.push_back(result.ok() ? name : result.error().ToString());
                    }});
    issuer_->Issue(asks);
  };
  {
    const GatedSigner::Stall stall = authority_.signer->Close();
    issue("flood", 3600);
    EXPECT_TRUE(testing::Eventually([&] { return authority_.signer->waiting() == 1; }));
    for (std::uint32_t i = 1; i < kFlood; ++i) issue("flood", 3600 + i);
    issue("quiet", 3600);
    EXPECT_THAT(ledger_->Flush(After(kPatience)), IsOk());
    EXPECT_EQ(issuer_->in_flight(), kFlood + 1);
  }
  EXPECT_TRUE(testing::Eventually([&] {
    const MutexLock lock(mutex);
    return answered.size() == kFlood + 1;
  }));
  const MutexLock lock(mutex);
  const auto quiet = std::ranges::find(answered, "quiet") - answered.begin();
  EXPECT_LE(quiet, 2);
}

TEST_F(Fairness, ACallerMayNotTakeEveryPlace) {
  Open({.max_waiting_each = 2});
  const GatedSigner::Stall stall = authority_.signer->Close();
  auto first = Begin(Workload("flood"), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(300)));
  auto second = Begin(Workload("flood"), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(300)));
  const auto third = Issue(Workload("flood"), {.csr_pem = MakeCsrPem()});
  EXPECT_THAT(third, HasReason("caller_queue"));
  EXPECT_THAT(third, HasCode(Code::kResourceExhausted));
  EXPECT_TRUE(third.error().retry_after());
  Caller elsewhere = Workload("flood");
  elsewhere.node = "another-node";
  auto other = Begin(elsewhere, {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(300)));
  EXPECT_THAT(other.get(), HasReason("deadline")) << "the same identity on another node has its own share";
  EXPECT_THAT(first.get(), HasReason("deadline"));
  EXPECT_THAT(second.get(), HasReason("deadline"));
}

TEST_F(Fairness, WhoCannotBeServedInTimeIsToldAtOnce) {
  {
    // The lane learns that a signature takes long.
    const GatedSigner::Stall stall = authority_.signer->Close();
    auto slow = Begin(Workload("slow"), {.csr_pem = MakeCsrPem()}, After(std::chrono::milliseconds(500)));
    EXPECT_THAT(slow.get(), HasReason("deadline"));
  }
  ASSERT_TRUE(testing::Eventually([&] { return Issue(Workload("quick"), {.csr_pem = MakeCsrPem()}).ok(); }));
  const GatedSigner::Stall stall = authority_.signer->Close();
  std::vector<std::future<Result<Issued>>> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(Begin(Workload(std::to_string(i)), {.csr_pem = MakeCsrPem()}, After(kPatience)));
    ASSERT_TRUE(testing::Eventually([&] { return authority_.signer->waiting() == 1; }));
  }
  ASSERT_THAT(ledger_->Flush(After(kPatience)), IsOk());
  const auto began = std::chrono::steady_clock::now();
  const auto late = Begin(Workload("late"), {.csr_pem = MakeCsrPem()}, began + std::chrono::seconds(2)).get();
  EXPECT_THAT(late, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(late, HasReason("queue_too_long"));
  EXPECT_GE(late.error().retry_after(), std::chrono::seconds(1));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(Fairness, TheSignerIsToldWhoseWorkItIs) {
  EXPECT_THAT(Issue(Workload("web"), {.csr_pem = MakeCsrPem()}), IsOk());
  const Share share = authority_.signer->last_share();
  EXPECT_EQ(share.priority, Priority::kIssuance);
  EXPECT_THAT(share.flow, ::testing::HasSubstr("spiffe://cluster.local/ns/default/sa/web"));
}

TEST_F(Fairness, TimeInTheQueueAndInTheTokenAreMeasuredApart) {
  authority_.signer->PretendQueue(std::chrono::seconds(1000));
  EXPECT_THAT(Issue(Workload("web"), {.csr_pem = MakeCsrPem()}), IsOk());
  const std::string metrics = metrics_.Scrape(clock_.Now());
  const auto sum = [&metrics](const std::string& stage) {
    const std::string name = "rootkeep_stage_seconds_sum{stage=\"" + stage + "\"} ";
    const auto found = metrics.find(name);
    return found == std::string::npos ? -1 : std::stod(metrics.substr(found + name.size()));
  };
  EXPECT_GE(sum("queue"), 1000);
  EXPECT_GE(sum("sign"), 0);
  EXPECT_LT(sum("sign"), 100);
}

TEST(Places, AreGivenBackWhenTheLastHolderIsGone) {
  Places places(3, 2);
  ASSERT_OK_AND_ASSIGN(auto first, places.Take("a"));
  ASSERT_OK_AND_ASSIGN(auto second, places.Take("a"));
  EXPECT_THAT(places.Take("a"), HasReason("caller_queue"));
  ASSERT_OK_AND_ASSIGN(auto third, places.Take("b"));
  EXPECT_THAT(places.Take("c"), HasReason("signing_queue"));
  auto copy = first;
  first.reset();
  EXPECT_THAT(places.Take("c"), HasReason("signing_queue"));
  copy.reset();
  EXPECT_THAT(places.Take("a"), IsOk());
}

}  // namespace
}  // namespace rootkeep
