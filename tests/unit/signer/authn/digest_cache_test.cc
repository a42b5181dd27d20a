#include "signer/authn/digest_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace rootkeep {
namespace {

Sha256Digest DigestOf(int i) { return *Sha256(AsBytes(std::to_string(i))); }

TEST(DigestCache, FindsWhatWasPut) {
  DigestCache<int> cache(100);
  EXPECT_EQ(cache.Find(DigestOf(1)), nullptr);
  cache.Insert(DigestOf(1), std::make_shared<const int>(1));
  EXPECT_EQ(*cache.Find(DigestOf(1)), 1);
  cache.Insert(DigestOf(1), std::make_shared<const int>(2));
  EXPECT_EQ(*cache.Find(DigestOf(1)), 2);
  EXPECT_EQ(cache.size(), 1U);
  cache.Erase(DigestOf(1));
  EXPECT_EQ(cache.Find(DigestOf(1)), nullptr);
  cache.Erase(DigestOf(1));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(DigestCache, NeverHoldsMoreThanItsCapacity) {
  for (const std::size_t capacity : {0U, 1U, 3U, 16U, 100U}) {
    DigestCache<int> cache(capacity);
    for (int i = 0; i < 1000; ++i) {
      cache.Insert(DigestOf(i), std::make_shared<const int>(i));
      ASSERT_LE(cache.size(), capacity);
    }
    EXPECT_EQ(cache.size() > 0, capacity > 0);
  }
}

TEST(DigestCache, DropsTheLeastRecentlyUsed) {
  DigestCache<int> cache(1000);
  const auto keep = DigestOf(-1);
  cache.Insert(keep, std::make_shared<const int>(-1));
  for (int i = 0; i < 20'000; ++i) {
    cache.Insert(DigestOf(i), std::make_shared<const int>(i));
    ASSERT_NE(cache.Find(keep), nullptr) << i;
  }
  EXPECT_EQ(cache.Find(DigestOf(0)), nullptr);
}

TEST(DigestCache, ThreadsShareIt) {
  DigestCache<int> cache(64);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 2000; ++i) {
        const int key = (i * (t + 1)) % 200;
        if (const auto found = cache.Find(DigestOf(key))) {
          ASSERT_EQ(*found, key);
        }
        cache.Insert(DigestOf(key), std::make_shared<const int>(key));
        if (i % 7 == 0) cache.Erase(DigestOf(key));
      }
    });
  }
}

}  // namespace
}  // namespace rootkeep
