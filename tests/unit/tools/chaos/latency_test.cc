// Calls that take long, or for ever.
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class LatencyTest : public ModuleTest {
 protected:
  // How long `calls` calls take, each in a thread and session of its own.
  [[nodiscard]] steady_clock::duration Parallel(int calls) const {
    std::vector<CK_SESSION_HANDLE> sessions;
    for (int i = 0; i < calls; ++i) sessions.push_back(Open());
    const auto start = steady_clock::now();
    std::vector<std::thread> threads;
    for (const CK_SESSION_HANDLE session : sessions) {
      threads.emplace_back([this, session] { EXPECT_EQ(Random(session), CKR_OK); });
    }
    for (std::thread& thread : threads) thread.join();
    return steady_clock::now() - start;
  }
};

TEST_F(LatencyTest, FixedDelayComesBeforeTheAnswer) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("delay C_GenerateRandom 50ms nth=2");
  EXPECT_EQ(Random(session), CKR_OK);
  const auto start = steady_clock::now();
  EXPECT_EQ(Random(session), CKR_OK);
  EXPECT_GE(steady_clock::now() - start, milliseconds(50));
  EXPECT_THAT(chaos.Faults("delay"), ElementsAre(AllOf(Has("us", "50000"), Has("call", "2"))));
}

TEST_F(LatencyTest, DistributionsAreWhatTheLogSays) {
  const CK_SESSION_HANDLE session = Open();
  for (const std::string delay : {"1ms..9ms", "exp:3ms"}) {
    chaos.Set("delay C_GenerateRandom " + delay);
    const auto before = chaos.Faults("delay").size();
    const auto start = steady_clock::now();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Random(session), CKR_OK);
    const auto taken = steady_clock::now() - start;
    std::chrono::microseconds logged{0};
    const auto faults = chaos.Faults("delay");
    ASSERT_EQ(faults.size(), before + 10);
    for (std::size_t i = before; i < faults.size(); ++i)
      logged += std::chrono::microseconds(std::stol(faults[i].at("us")));
    EXPECT_GT(logged, milliseconds(5)) << delay;
    EXPECT_GE(taken, logged) << delay;
  }
}

TEST_F(LatencyTest, SoManyWorkersSoManyCallsAtATime) {
  chaos.Set("delay C_GenerateRandom 60ms workers=2");
  EXPECT_GE(Parallel(6), milliseconds(180));  // three rounds of two
}

TEST_F(LatencyTest, WithoutWorkersCallsAreParallel) {
  chaos.Set("delay C_GenerateRandom 500ms");
  EXPECT_LT(Parallel(6), milliseconds(3000));  // one after another
  EXPECT_THAT(chaos.Faults("delay"), AllOf(SizeIs(6), Each(Has("us", "500000"))));
}

TEST_F(LatencyTest, AHungCallWaitsForAnotherScenarioAndOthersGoOn) {
  const CK_SESSION_HANDLE session = Open();
  const CK_SESSION_HANDLE other = Open();
  chaos.Set("hang C_GenerateRandom nth=1");
  std::atomic<bool> returned = false;
  std::atomic<CK_RV> answer = CKR_GENERAL_ERROR;
  std::thread hung([&] {
    answer = Random(session);
    returned = true;
  });
  EXPECT_TRUE(Eventually([&] { return !chaos.Faults("hang").empty(); }));
  EXPECT_EQ(Random(other), CKR_OK);
  EXPECT_FALSE(returned);
  chaos.Clear();
  hung.join();
  EXPECT_EQ(answer, CKR_OK);
  EXPECT_THAT(chaos.Faults("hang"), ElementsAre(AllOf(Has("function", "C_GenerateRandom"), Has("call", "1"))));
}

TEST_F(LatencyTest, AHungCallEndsWithItsSessionWhenTheTokenIsTaken) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("hang C_GenerateRandom");
  std::atomic<CK_RV> answer = CKR_GENERAL_ERROR;
  std::thread hung([&] { answer = Random(session); });
  EXPECT_TRUE(Eventually([&] { return !chaos.Faults("hang").empty(); }));
  chaos.Set("token-away");
  hung.join();
  EXPECT_EQ(answer, CKR_DEVICE_REMOVED);
}

}  // namespace
}  // namespace rootkeep::chaos
