#include "signer/ledger/recent_window.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

TEST(RecentWindow, FindsTheNewestInsideTheTime) {
  RecentWindow window(10);
  window.Add(7, 1, 100);
  window.Add(7, 2, 200);
  EXPECT_EQ(window.Find(7, 150)->id, 2);
  EXPECT_EQ(window.Find(7, 200)->id, 2);
  EXPECT_FALSE(window.Find(7, 201));
  EXPECT_FALSE(window.Find(8, 0));
}

TEST(RecentWindow, ForgetsTheOldestBeyondItsLimit) {
  RecentWindow window(2);
  window.Add(1, 1, 100);
  window.Add(2, 2, 100);
  window.Add(1, 3, 100);  // pushes out entry 1, whose key lives on with entry 3
  EXPECT_EQ(window.Find(1, 0)->id, 3);
  EXPECT_TRUE(window.Find(2, 0));
  window.Add(4, 4, 100);
  EXPECT_FALSE(window.Find(2, 0));
  EXPECT_TRUE(window.Find(1, 0));
}

TEST(RecentWindow, HoldsAnOutcomeUntilItIsWritten) {
  RecentWindow window(10);
  auto outcome = std::make_shared<Outcome>();
  outcome->intent_id = 5;
  outcome->retry_hash = 1;
  window.Add(outcome);
  EXPECT_EQ(window.Find(1, 0)->unwritten, outcome);
  window.Written(*outcome);
  ASSERT_TRUE(window.Find(1, 0));
  EXPECT_EQ(window.Find(1, 0)->unwritten, nullptr);
}

TEST(RetryHash, ReadsEveryPart) {
  const RetryKey key{"caller", "csr", "sans", "authority"};
  EXPECT_EQ(RetryHash(key), RetryHash(key));
  EXPECT_NE(RetryHash(key), RetryHash({"other", "csr", "sans", "authority"}));
  EXPECT_NE(RetryHash(key), RetryHash({"caller", "other", "sans", "authority"}));
  EXPECT_NE(RetryHash(key), RetryHash({"caller", "csr", "other", "authority"}));
  EXPECT_NE(RetryHash(key), RetryHash({"caller", "csr", "sans", "other"}));
}

}  // namespace
}  // namespace rootkeep
