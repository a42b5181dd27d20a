#include "keystore/keysocket/wire/awake_wait.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace rootkeep::keysocket {
namespace {

class AwakeWaitTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), 0); }
  void TearDown() override {
    for (const int end : ends_) close(end);
  }

  void Answer() { EXPECT_EQ(send(ends_[1], "x", 1, 0), 1); }
  void Take() {
    char octet = 0;
    EXPECT_EQ(recv(ends_[0], &octet, 1, MSG_DONTWAIT), 1);
  }

  std::array<int, 2> ends_{};
  AwakeWait awake_;
};

TEST_F(AwakeWaitTest, SeesWhatHasComeAndLeavesItThere) {
  Answer();
  EXPECT_TRUE(awake_.Look(ends_[0]));
  EXPECT_TRUE(awake_.Look(ends_[0]));
  Take();
}

TEST_F(AwakeWaitTest, SeesTheEnd) {
  EXPECT_EQ(shutdown(ends_[1], SHUT_RDWR), 0);
  EXPECT_TRUE(awake_.Look(ends_[0]));
}

TEST_F(AwakeWaitTest, RestsTwiceAsLongEachTimeItLooksInVain) {
  for (std::uint32_t rest = AwakeWait::kShortestRest; rest <= 2 * AwakeWait::kLongestRest; rest *= 2) {
    EXPECT_FALSE(awake_.Look(ends_[0]));
    Answer();
    for (std::uint32_t call = 0; call < std::min(rest, AwakeWait::kLongestRest); ++call) {
      ASSERT_FALSE(awake_.Look(ends_[0])) << "it looked again after " << call << " calls";
    }
    Take();
  }
  Answer();
  EXPECT_TRUE(awake_.Look(ends_[0])) << "it rests for longer than the longest";
}

TEST_F(AwakeWaitTest, RestsShortlyAfterItHasSeenSomething) {
  EXPECT_FALSE(awake_.Look(ends_[0]));
  EXPECT_FALSE(awake_.Look(ends_[0]));  // rests
  EXPECT_FALSE(awake_.Look(ends_[0]));
  Answer();
  EXPECT_FALSE(awake_.Look(ends_[0]));  // rests twice
  EXPECT_FALSE(awake_.Look(ends_[0]));
  EXPECT_TRUE(awake_.Look(ends_[0]));
  Take();
  EXPECT_FALSE(awake_.Look(ends_[0]));
  Answer();
  EXPECT_FALSE(awake_.Look(ends_[0]));  // rests once
  EXPECT_TRUE(awake_.Look(ends_[0]));
}

}  // namespace
}  // namespace rootkeep::keysocket
