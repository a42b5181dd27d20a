#include "signer/node/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace rootkeep {
namespace {

TEST(Workers, RefuseWhatIsTooMuchAndDoTheRest) {
  std::atomic<int> done = 0;
  {
    std::latch busy(1);
    std::latch go(1);
    Workers workers(1, 2);
    ASSERT_TRUE(workers.Post([&] {
      busy.count_down();
      go.wait();
    }));
    busy.wait();
    EXPECT_TRUE(workers.Post([&] { ++done; }));
    EXPECT_TRUE(workers.Post([&] { ++done; }));
    EXPECT_FALSE(workers.Post([&] { done += 100; }));
    workers.PostAlways([&] { ++done; });
    go.count_down();
  }
  EXPECT_EQ(done, 3) << "what waits is done before they end";
}

TEST(Workers, AfterTheEndWhatBelongsToEarlierWorkIsDoneByWhoeverBringsIt) {
  int done = 0;
  Workers workers(2, 10);
  workers.Stop();
  EXPECT_FALSE(workers.Post([&] { done += 100; }));
  workers.PostAlways([&] { ++done; });
  EXPECT_EQ(done, 1);
}

TEST(Workers, SurviveWhatIsThrown) {
  std::atomic<int> done = 0;
  {
    Workers workers(1, 10);
    ASSERT_TRUE(workers.Post([] { throw std::runtime_error("out of memory, say"); }));
    ASSERT_TRUE(workers.Post([&] { ++done; }));
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace rootkeep
