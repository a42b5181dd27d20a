#include "signer/rpc/deferred.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

TEST(Deferred, RunsOnce) {
  int runs = 0;
  Deferred deferred;
  deferred.Run();
  deferred.Set([&] { ++runs; });
  EXPECT_TRUE(deferred.pending());
  deferred.Run();
  EXPECT_FALSE(deferred.pending());
  deferred.Run();
  EXPECT_EQ(runs, 1);
}

TEST(Deferred, MayBeTakenBack) {
  Deferred deferred;
  deferred.Set([] { FAIL(); });
  deferred.Set({});
  EXPECT_FALSE(deferred.pending());
  deferred.Run();
}

// Work that is put off by work gets its turn the next time.
TEST(Deferred, MaySetTheNext) {
  int runs = 0;
  Deferred deferred;
  deferred.Set([&] { deferred.Set([&] { ++runs; }); });
  deferred.Run();
  EXPECT_EQ(runs, 0);
  deferred.Run();
  EXPECT_EQ(runs, 1);
}

TEST(Deferred, EventsWithoutEndDoNotHoldItUp) {
  int runs = 0;
  Deferred deferred;
  for (int round = 1; round <= 3; ++round) {
    deferred.Set([&] { ++runs; });
    for (unsigned i = 1; i < Deferred::kMostEvents; ++i) deferred.Passed();
    EXPECT_EQ(runs, round - 1);
    deferred.Passed();
    EXPECT_EQ(runs, round);
  }
}

}  // namespace
}  // namespace rootkeep
