#include "providers/spire/plugin/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace rootkeep::spire {
namespace {

TEST(Threads, WorksAtSeveralThingsAtOnce) {
  std::latch both{2};  // which nothing passes alone
  Threads threads(2, 10);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(threads.Post([&] { both.arrive_and_wait(); }));
  both.wait();
}

TEST(Threads, WhatWaitsIsBounded) {
  std::atomic<int> done{0};
  {
    std::latch both{2};
    std::latch go{1};
    Threads threads(2, 3);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(threads.Post([&] {
        both.count_down();
        go.wait();
        ++done;
      }));
    }
    both.wait();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(threads.Post([&] { ++done; }));
    EXPECT_FALSE(threads.Post([&] { ++done; }));
    go.count_down();
  }
  EXPECT_EQ(done, 5);
}

TEST(Threads, WaitForWhatWasTaken) {
  std::atomic<int> done{0};
  {
    Threads threads(1, 100);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(threads.Post([&done] { ++done; }));
  }
  EXPECT_EQ(done, 50);
}

TEST(Threads, GoOnWhateverIsThrown) {
  std::atomic<int> done{0};
  {
    Threads threads(1, 10);
    ASSERT_TRUE(threads.Post([] { throw std::runtime_error("thrown by the test"); }));
    ASSERT_TRUE(threads.Post([&done] { ++done; }));
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace rootkeep::spire
