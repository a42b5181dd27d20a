// What a Mint stream takes for told, where the local bundle's stream tells of roots beside it.
#include "providers/spire/upstreamauthority/follow.h"

#include <gtest/gtest.h>

#include "tests/support/eventually.h"

namespace rootkeep::spire {
namespace {

BundlePtr Bundle(std::uint64_t sequence) {
  v1::TrustBundle bundle;
  bundle.set_sequence(sequence);
  return std::make_shared<const v1::TrustBundle>(bundle);
}

class FollowTest : public ::testing::Test {
 protected:
  BundleFeed feed;
  const BundlePtr older = Bundle(4);
  const BundlePtr answer = Bundle(5);
  const BundlePtr newer = Bundle(6);
};

TEST_F(FollowTest, WhatIsToldBetweenTheAnswerAndTheStreamIsNotToldAgain) {
  feed.NoteTold(newer);
  RootsOfMint part(feed, *answer);
  EXPECT_EQ(part.TakeTold(), newer);
  EXPECT_EQ(part.TakeTold(), nullptr) << "since the last time";
}

TEST_F(FollowTest, WhatTheAnswerHasOvertakenIsForgotten) {
  for (const BundlePtr& told : {BundlePtr(), older, answer}) {
    if (told != nullptr) feed.NoteTold(told);
    RootsOfMint part(feed, *answer);
    EXPECT_EQ(part.TakeTold(), nullptr);
  }
}

TEST_F(FollowTest, WhatIsToldLaterIsTakenOnce) {
  feed.NoteTold(older);
  RootsOfMint part(feed, *answer);
  feed.NoteTold(newer);
  EXPECT_EQ(part.TakeTold(), newer);
  EXPECT_EQ(part.TakeTold(), nullptr);
}

// Not at once, because SPIRE may be at work on it.
TEST_F(FollowTest, WhatTheLocalBundlesStreamTellsAtItsEndIsToldByMintInAWhile) {
  {
    const BundleFeed::LocalSubscription local(feed);
    LocalBundle(feed).Wrote(older);
    EXPECT_EQ(feed.Told(), older);
  }
  const RootsOfMint part(feed, *answer);
  EXPECT_TRUE(part.silent());
  EXPECT_EQ(feed.Told(), nullptr);
  EXPECT_TRUE(rootkeep::testing::Eventually([&] { return !part.silent(); }));
  EXPECT_EQ(feed.Told(), nullptr);
}

TEST_F(FollowTest, WhatWasSurelyHeardStaysTold) {
  BundleFeed quick(std::chrono::seconds(0));
  {
    const BundleFeed::LocalSubscription local(quick);
    LocalBundle(quick).Wrote(older);
    LocalBundle(quick).Wrote(newer);
  }
  EXPECT_FALSE(quick.IsToldLocally());
  EXPECT_EQ(quick.Told(), newer);
}

// The one before has not noticed its end yet when the next begins.
TEST_F(FollowTest, TwoLocalStreamsThatEndSoonHaveToldNothing) {
  auto before = std::make_unique<BundleFeed::LocalSubscription>(feed);
  LocalBundle(feed).Wrote(older);
  auto next = std::make_unique<BundleFeed::LocalSubscription>(feed);
  LocalBundle(feed).Wrote(older);
  before.reset();
  EXPECT_EQ(feed.Told(), older);
  next.reset();
  EXPECT_EQ(feed.Told(), nullptr);
}

}  // namespace
}  // namespace rootkeep::spire
