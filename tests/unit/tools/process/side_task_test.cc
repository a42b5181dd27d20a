#include "tools/process/side_task.h"

#include <gtest/gtest.h>

#include <future>
#include <new>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::IsOk;

TEST(SideTask, RunsOneAtATime) {
  SideTask task;
  std::promise<void> release;
  int runs = 0;
  EXPECT_THAT(task.Start([&] {
    release.get_future().wait();
    ++runs;
  }),
              IsOk());
  EXPECT_THAT(task.Start([&] { ++runs; }), HasCode(Code::kUnavailable));
  release.set_value();
  task.Wait();
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(task.Start([&] { ++runs; }), IsOk());
  task.Wait();
  EXPECT_EQ(runs, 2);
}

TEST(SideTask, WhatATaskThrowsEndsOnlyTheTask) {
  SideTask task;
  ASSERT_THAT(task.Start([] { throw std::bad_alloc(); }), IsOk());
  task.Wait();
  bool ran = false;
  EXPECT_THAT(task.Start([&] { ran = true; }), IsOk());
  task.Wait();
  EXPECT_TRUE(ran);
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
