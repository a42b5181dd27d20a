#include "providers/spire/keymanager/signing_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <semaphore>

namespace rootkeep::spire {
namespace {

using std::this_thread::get_id;

using Outcome = SigningThreads::Outcome;

Deadline Later() { return After(std::chrono::seconds(30)); }

class SigningThreadsTest : public ::testing::Test {
 protected:
  // Runs work to its end, and says on which thread that was.
  std::thread::id RunsOn() {
    std::binary_semaphore done{0};
    std::thread::id thread;
    EXPECT_TRUE(threads.Run(
        [&](Deadline /*deadline*/, bool /*again*/) {
          thread = get_id();
          done.release();
          return Outcome::kSigned;
        },
        Later()));
    done.acquire();
    return thread;
  }
  // As a token does that takes its time.
  void BeSlow() {
    std::binary_semaphore done{0};
    ASSERT_TRUE(threads.Run(
        [&](Deadline deadline, bool again) {
          const Deadline until = again ? deadline : After(2 * SigningThreads::kSlow);
          while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
          if (!again) done.release();
          return again ? Outcome::kNotDone : Outcome::kSigned;
        },
        Later()));
    done.acquire();
  }

  SigningThreads threads{2, 3};
};

TEST_F(SigningThreadsTest, AQuickTokenSignsOnTheThreadThatBroughtTheCall) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RunsOn(), get_id());
}

TEST_F(SigningThreadsTest, WhatIsNotDoneSoonIsDoneElsewhereWithTheTimeThatIsLeft) {
  const Deadline whole = Later();
  std::binary_semaphore done{0};
  std::vector<std::pair<Deadline, std::thread::id>> tries;
  ASSERT_TRUE(threads.Run(
      [&](Deadline deadline, bool again) {
        tries.emplace_back(deadline, get_id());
        if (!again) done.release();
        return again ? Outcome::kNotDone : Outcome::kSigned;
      },
      whole));
  done.acquire();
  ASSERT_EQ(tries.size(), 2U);
  EXPECT_LE(tries[0].first, After(SigningThreads::kSoon));
  EXPECT_EQ(tries[0].second, get_id());
  EXPECT_EQ(tries[1].first, whole);
  EXPECT_NE(tries[1].second, get_id());
}

TEST_F(SigningThreadsTest, ASlowTokenHoldsUpNobodyUntilItIsQuickAgain) {
  BeSlow();
  EXPECT_NE(RunsOn(), get_id());
  // That one was quick.
  while (RunsOn() != get_id()) {
  }
}

TEST_F(SigningThreadsTest, AFailureThatComesSoonDoesNotMakeTheTokenQuick) {
  BeSlow();
  std::binary_semaphore done{0};
  for (int i = 0; i < 3; ++i) {
    std::thread::id thread;
    ASSERT_TRUE(threads.Run(
        [&](Deadline /*deadline*/, bool /*again*/) {
          thread = get_id();
          done.release();
          return Outcome::kFailed;
        },
        Later()));
    done.acquire();
    EXPECT_NE(thread, get_id());
  }
}

TEST_F(SigningThreadsTest, SaysWhenTooMuchWaits) {
  BeSlow();
  std::latch go{1};
  std::atomic<int> done{0};
  const auto wait = [&](Deadline /*deadline*/, bool again) {
    if (again) return Outcome::kNotDone;  // here it would be in its own way
    go.wait();
    ++done;
    return Outcome::kSigned;
  };
  int taken = 0;
  while (threads.Run(wait, Later())) ++taken;
  EXPECT_GE(taken, 3);
  EXPECT_LE(taken, 5);
  go.count_down();
  while (done < taken) std::this_thread::yield();
}

}  // namespace
}  // namespace rootkeep::spire
