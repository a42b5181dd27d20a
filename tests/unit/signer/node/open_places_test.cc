// Who may hold how many places.
#include "signer/node/open_places.h"

#include <vector>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using Held = std::vector<std::shared_ptr<OpenPlaces::Place>>;

// As many as it gets.
Held TakeAll(OpenPlaces& places, const std::string& network) {
  Held held;
  for (;;) {
    auto place = places.Take(network);
    if (!place.ok()) return held;
    held.push_back(*std::move(place));
  }
}

TEST(OpenPlaces, OneNetworkHasAQuarterOfThem) {
  OpenPlaces places(16);
  Held held = TakeAll(places, "a");
  EXPECT_EQ(held.size(), 4U);
  const auto refused = places.Take("a");
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason("attempts"));
  EXPECT_TRUE(refused.error().retry_after());
  EXPECT_THAT(places.Take("b"), IsOk());
  held.pop_back();
  EXPECT_THAT(places.Take("a"), IsOk());
}

TEST(OpenPlaces, AreGivenBackAndNeverMoreThanThereAre) {
  OpenPlaces places(4);
  Held held;
  for (const char* network : {"a", "b", "c", "d"}) {
    ASSERT_OK_AND_ASSIGN(auto place, places.Take(network));
    held.push_back(std::move(place));
  }
  EXPECT_EQ(places.taken(), 4U);
  EXPECT_THAT(places.Take("e"), HasReason("attempts"));
  held.clear();
  EXPECT_EQ(places.taken(), 0U);
  EXPECT_THAT(places.Take("e"), IsOk());
}

TEST(OpenPlaces, StrangersHaveHalfOfThem) {
  OpenPlaces places(8);
  Held strangers;
  for (const char* network : {"a", "b"}) {
    for (auto& place : TakeAll(places, network)) {
      EXPECT_THAT(place->BecomeStrangers(), IsOk());
      EXPECT_THAT(place->BecomeStrangers(), IsOk()) << "once";
      strangers.push_back(std::move(place));
    }
  }
  EXPECT_EQ(strangers.size(), 4U);
  ASSERT_OK_AND_ASSIGN(const auto place, places.Take("c"));
  EXPECT_THAT(place->BecomeStrangers(), HasReason("attempts"));
  strangers.pop_back();
  EXPECT_THAT(place->BecomeStrangers(), IsOk());
}

}  // namespace
}  // namespace rootkeep
