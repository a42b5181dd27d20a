#include "tools/process/side_task.h"

#include <gtest/gtest.h>

#include <future>

namespace rootkeep {
namespace {

TEST(SideTask, RunsOneAtATime) {
  SideTask task;
  std::promise<void> release;
  int runs = 0;
  EXPECT_TRUE(task.Start([&] {
    release.get_future().wait();
    ++runs;
  }));
  EXPECT_FALSE(task.Start([&] { ++runs; }));
  release.set_value();
  task.Wait();
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(task.Start([&] { ++runs; }));
  task.Wait();
  EXPECT_EQ(runs, 2);
}

TEST(EndProcessAfter, EndsOneThatHangs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        EndProcessAfter(std::chrono::milliseconds(1));
        std::promise<void>().get_future().wait();
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace rootkeep
