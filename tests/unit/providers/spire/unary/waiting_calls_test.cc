// Calls that go on when something is readable.
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <deque>
#include <optional>

#include "keystore/base/mutex.h"
#include "tests/support/eventually.h"
#include "tests/unit/providers/spire/unary/client.h"

namespace rootkeep::spire::unary {
namespace {

using rootkeep::testing::Eventually;
using testing::Client;

class WaitingCalls : public ::testing::Test {
 protected:
  // A call that waits for an event of its own, and answers whether it came.
  Method WaitsFor(std::chrono::milliseconds most) {
    return {.ask = [this, most](const std::shared_ptr<Call>& call, Waits& waits) {
      const MutexLock lock(mutex_);
      const int event = events_.emplace_back(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)).get();
      waits.Add(event, After(most), [call](bool readable) { call->Finish({}, readable ? "came" : "late"); });
      calls_.push_back(call);
    }};
  }
  [[nodiscard]] std::size_t begun() {
    const MutexLock lock(mutex_);
    return events_.size();
  }
  void Happen(std::size_t which) {
    const MutexLock lock(mutex_);
    eventfd_write(events_.at(which).get(), 1);
  }
  // Nobody else has the last call any more.
  bool IsForgotten() {
    const MutexLock lock(mutex_);
    return calls_.back().use_count() == 1;
  }
  bool Answered(int stream) { return client.peer.replies[stream].ended; }

 private:
  Mutex mutex_;
  std::deque<Fd> events_ RK_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Call>> calls_ RK_GUARDED_BY(mutex_);

 protected:
  std::optional<Server> server{std::in_place, Methods{{"/t/Wait", WaitsFor(std::chrono::hours(1))},
                                                      {"/t/WaitALittle", WaitsFor(std::chrono::milliseconds(5))},
                                                      {"/t/Here", {[](const auto& call) { call->Finish({}); }}}}};
  Client client{*server};
};

TEST_F(WaitingCalls, AreAnsweredWhenItHappensAndHoldUpNobody) {
  const int first = client.peer.AskWith("/t/Wait", "");
  const int second = client.peer.AskWith("/t/Wait", "");
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
  ASSERT_EQ(begun(), 2U);
  Happen(1);
  EXPECT_TRUE(client.SpeakUntil([&] { return Answered(second); }));
  EXPECT_FALSE(Answered(first));
  Happen(0);
  EXPECT_TRUE(client.SpeakUntil([&] { return Answered(first); }));
  EXPECT_NE(client.peer.replies[first].body.find("came"), std::string::npos);
}

TEST_F(WaitingCalls, AreToldWhenItDoesNotHappenAndNothingElseDoes) {
  EXPECT_NE(client.Ask("/t/WaitALittle").body.find("late"), std::string::npos);
}

TEST_F(WaitingCalls, BeginNoMoreThanAConnectionWaitsFor) {
  std::vector<int> streams;
  for (std::size_t i = 0; i <= Waits::kMost; ++i) streams.push_back(client.peer.AskWith("/t/Wait", ""));
  client.peer.Ping();  // behind them, and answered when they have been looked at
  EXPECT_TRUE(client.SpeakUntil([&] { return client.peer.pongs > 0; }));
  EXPECT_EQ(begun(), Waits::kMost);
  Happen(0);
  EXPECT_TRUE(client.SpeakUntil([&] { return Answered(streams[0]); }));
  EXPECT_TRUE(Eventually([&] { return begun() == Waits::kMost + 1; }));
}

TEST_F(WaitingCalls, AreForgottenWithTheirConnection) {
  (void)client.peer.AskWith("/t/Wait", "");
  EXPECT_EQ(client.Ask("/t/Here").code(), "0");
  EXPECT_FALSE(IsForgotten());
  server.reset();
  EXPECT_TRUE(IsForgotten());
}

}  // namespace
}  // namespace rootkeep::spire::unary
