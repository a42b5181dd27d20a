// What a Mint stream takes for told, where the local bundle's stream tells of roots beside it.
#include "providers/spire/upstreamauthority/follow.h"

#include <gtest/gtest.h>

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

TEST_F(FollowTest, WhatTheLocalBundlesStreamTellsAtItsEndIsNotTold) {
  {
    LocalBundle part(feed, std::chrono::hours(1));
    part.Wrote(older);
    EXPECT_EQ(feed.Told(), older);
  }
  EXPECT_EQ(feed.Told(), nullptr);
  feed.NoteTold(older);
  {
    LocalBundle(feed, std::chrono::hours(1)).Wrote(newer);
  }
  EXPECT_EQ(feed.Told(), older) << "by a stream before";
}

TEST_F(FollowTest, WhatWasSurelyHeardStaysTold) {
  {
    LocalBundle part(feed, std::chrono::seconds(0));
    part.Wrote(older);
    part.Wrote(newer);
  }
  EXPECT_EQ(feed.Told(), newer);
}

}  // namespace
}  // namespace rootkeep::spire
