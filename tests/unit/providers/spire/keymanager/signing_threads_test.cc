#include "providers/spire/keymanager/signing_threads.h"

#include <gtest/gtest.h>

#include <latch>
#include <semaphore>

#include "tests/support/eventually.h"

namespace rootkeep::spire {
namespace {

class SigningThreadsTest : public ::testing::Test {
 protected:
  // A signature on a thread of theirs, to its end.
  void Sign(std::optional<SigningThreads::Duration> took) {
    std::binary_semaphore done{0};
    ASSERT_TRUE(threads.Post([&] {
      done.release();
      return took;
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
  Sign(SigningThreads::kQuick / 2);
  EXPECT_TRUE(testing::Eventually([&] { return threads.quick(); }));
}

TEST_F(SigningThreadsTest, AFailureThatComesSoonDoesNotMakeTheTokenQuick) {
  SigningThreads one(1, 2);  // what is learnt of one is learnt before the next begins
  one.GaveUp();
  ASSERT_TRUE(one.Post([] { return std::nullopt; }));
  std::binary_semaphore done{0};
  ASSERT_TRUE(one.Post([&] {
    EXPECT_FALSE(one.quick());
    done.release();
    return std::nullopt;
  }));
  done.acquire();
}

TEST_F(SigningThreadsTest, SaysWhenTooMuchWaits) {
  std::latch go{1};
  std::atomic<int> done{0};
  const auto wait = [&] {
    go.wait();
    ++done;
    return std::nullopt;
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
