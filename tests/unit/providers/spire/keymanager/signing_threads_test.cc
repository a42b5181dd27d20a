#include "providers/spire/keymanager/signing_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <semaphore>

namespace rootkeep::spire {
namespace {

class SigningThreadsTest : public ::testing::Test {
 protected:
  // A signature on a thread of theirs, to its end.
  void Sign(bool successful, std::chrono::milliseconds takes = {}) {
    std::binary_semaphore done{0};
    ASSERT_TRUE(threads.Post([&] {
      const Deadline until = After(takes);
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
      done.release();
      return successful;
    }));
    done.acquire();
  }

  SigningThreads threads{2, 3};
};

TEST_F(SigningThreadsTest, ATokenIsQuickUntilItIsNot) {
  EXPECT_TRUE(threads.quick());
  threads.Learn(SigningThreads::kSlow);
  EXPECT_TRUE(threads.quick());
  threads.Learn(2 * SigningThreads::kSlow);
  EXPECT_FALSE(threads.quick());
  threads.Learn(SigningThreads::kQuick);
  EXPECT_FALSE(threads.quick());
  threads.Learn(SigningThreads::kQuick / 2);
  EXPECT_TRUE(threads.quick());
}

TEST_F(SigningThreadsTest, OneThatDoesNotAnswerIsSlow) {
  threads.GaveUp();
  EXPECT_FALSE(threads.quick());
}

TEST_F(SigningThreadsTest, ASlowTokenIsQuickAgainOnceItHasBeenOnAThreadOfTheirs) {
  threads.GaveUp();
  while (!threads.quick()) Sign(true);
}

TEST_F(SigningThreadsTest, AFailureThatComesSoonDoesNotMakeTheTokenQuick) {
  SigningThreads one(1, 2);  // what is learnt of one is learnt before the next begins
  one.GaveUp();
  ASSERT_TRUE(one.Post([] { return false; }));
  std::binary_semaphore done{0};
  ASSERT_TRUE(one.Post([&] {
    EXPECT_FALSE(one.quick());
    done.release();
    return false;
  }));
  done.acquire();
}

TEST_F(SigningThreadsTest, SaysWhenTooMuchWaits) {
  std::latch go{1};
  std::atomic<int> done{0};
  const auto wait = [&] {
    go.wait();
    ++done;
    return true;
  };
  int taken = 0;
  while (threads.Post(wait)) ++taken;
  EXPECT_GE(taken, 3);
  EXPECT_LE(taken, 5);
  go.count_down();
  while (done < taken) std::this_thread::yield();
}

}  // namespace
}  // namespace rootkeep::spire
