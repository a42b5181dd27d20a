#include "tools/accept/connection_places.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace rootkeep {
namespace {

TEST(ConnectionPlaces, OneKeyTakesNoMoreThanItsShare) {
  ConnectionPlaces<std::string> places({.all = 10, .each = 2});
  auto first = places.Take("a");
  const auto second = places.Take("a");
  EXPECT_TRUE(first != nullptr && second != nullptr);
  EXPECT_EQ(places.Take("a"), nullptr);
  EXPECT_NE(places.Take("b"), nullptr);
  first.reset();
  EXPECT_NE(places.Take("a"), nullptr) << "a place is free again";
}

TEST(ConnectionPlaces, AllTogetherTakeNoMoreThanThereAre) {
  ConnectionPlaces<int> places({.all = 2, .each = 2});
  auto first = places.Take(1);
  const auto second = places.Take(2);
  EXPECT_EQ(places.Take(3), nullptr);
  first.reset();
  EXPECT_NE(places.Take(3), nullptr);
}

TEST(ConnectionPlaces, APlaceOutlivesThem) {
  auto places = std::make_optional<ConnectionPlaces<int>>(ConnectionPlaces<int>::Limits{.all = 1, .each = 1});
  const auto place = places->Take(1);
  places.reset();
  EXPECT_NE(place, nullptr);
}

}  // namespace
}  // namespace rootkeep
