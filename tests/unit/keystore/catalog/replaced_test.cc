// Which replaced keys may go, and when.
#include "keystore/catalog/replaced.h"

#include "tests/support/matchers.h"

namespace rootkeep::testing {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kMaker[] = "rootkeep-agent";
constexpr char kName[] = "prod.ca-a";

const TokenName kToken{.label = "node", .serial = ""};

WallTime At(int hour) { return FromUnixSeconds(1'800'000'000) + hours(hour); }

std::string Label(std::uint32_t generation, const std::string& name = kName) {
  return KeyLabel({.use = KeyUse::kForeignCa, .name = name, .generation = generation}).value();
}

// Written down hour by hour.
class Story {
 public:
  Story& Active(std::uint32_t generation) { return Row(generation, KeyState::kActive); }
  Story& Retired(std::uint32_t generation, int hour) {
    Row(generation, KeyState::kRetired);
    rows_.back().retired_at = At(hour);
    return *this;
  }
  Story& Destroyed(std::uint32_t generation) { return Row(generation, KeyState::kDestroyed); }
  Story& Row(std::uint32_t generation, KeyState state) {
    const std::string label = Label(generation);
    rows_.push_back({.label = label, .named = *ParseKeyLabel(label), .maker = kMaker, .token = kToken, .state = state});
    return *this;
  }
  // What was written down last.
  Story& Used() {
    rows_.back().used_at = At(0);
    return *this;
  }
  CatalogEntry& last() { return rows_.back(); }

  [[nodiscard]] ReplacedKeys Judge(int hour = 0) const {
    return JudgeReplaced(rows_, {.maker = kMaker, .name = kName}, kToken, {.grace = hours(48), .keep = 8}, At(hour));
  }

 private:
  std::vector<CatalogEntry> rows_;
};

TEST(ReplacedKeys, TheNewestIsInUse) {
  const ReplacedKeys keys = Story().Active(1).Used().Judge(10'000);
  EXPECT_THAT(keys.retire, IsEmpty());
  EXPECT_THAT(keys.destroy, IsEmpty());
  EXPECT_THAT(keys.spare, IsEmpty());
  EXPECT_EQ(keys.kept, 1U);
}

TEST(ReplacedKeys, AnOlderOneIsRetiredAndHasItsGrace) {
  EXPECT_THAT(Story().Active(10).Active(9).Judge().retire, ElementsAre(Label(9))) << "as numbers, not as text";
  Story story;
  story.Retired(1, 0).Used().Active(2);
  EXPECT_THAT(story.Judge(47).destroy, IsEmpty());
  EXPECT_THAT(story.Judge(47).spare, IsEmpty()) << "nothing newer was used: its owner may return to it";
  EXPECT_THAT(story.Judge(48).destroy, ElementsAre(Label(1)));
}

TEST(ReplacedKeys, OneThatSignedNothingForOthersIsSpare) {
  const ReplacedKeys keys = Story().Retired(1, 0).Used().Retired(2, 1).Retired(3, 2).Active(4).Judge(3);
  EXPECT_THAT(keys.spare, ElementsAre(Label(2), Label(3))) << "the oldest first";
  EXPECT_EQ(keys.kept, 4U);
}

TEST(ReplacedKeys, OneThatANewerOneHasFollowedInUseIsSpare) {
  EXPECT_THAT(Story().Retired(1, 0).Used().Active(2).Used().Judge(1).spare, ElementsAre(Label(1)));
  EXPECT_THAT(Story().Retired(1, 0).Used().Retired(2, 1).Used().Active(3).Judge(1).spare, ElementsAre(Label(1)));
}

TEST(ReplacedKeys, AClockThatWasNotSetEndsNoGrace) {
  Story story;
  story.Retired(1, 0).Used();
  story.last().retired_at = FromUnixSeconds(100);
  EXPECT_THAT(story.Active(2).Judge(1).destroy, IsEmpty());
}

TEST(ReplacedKeys, ADestructionThatWasBegunIsFinished) {
  Story story;
  story.Retired(1, 0).Used();
  story.last().destroy_ordered_at = At(0);
  EXPECT_THAT(story.Active(2).Judge(1).destroy, ElementsAre(Label(1)));
}

TEST(ReplacedKeys, WithoutANewerOneThatIsThereNothingIsReplaced) {
  EXPECT_THAT(Story().Retired(1, 0).Judge(1000).destroy, IsEmpty()) << "an operator retired it";
  EXPECT_THAT(Story().Active(1).Row(2, KeyState::kPending).Judge().retire, IsEmpty());
  EXPECT_THAT(Story().Active(1).Row(2, KeyState::kMissing).Judge().retire, IsEmpty());
  const ReplacedKeys pending = Story().Row(1, KeyState::kPending).Active(2).Judge(1000);
  EXPECT_THAT(pending.destroy, IsEmpty()) << "nobody knows whether there is such a key";
  EXPECT_EQ(pending.kept, 2U) << "but there may be";
}

// Otherwise no next one could be made, for want of room.
TEST(ReplacedKeys, StayReplacedWhenTheNewestIsLostOrRetired) {
  const ReplacedKeys lost = Story().Retired(1, 0).Retired(2, 1).Used().Row(3, KeyState::kMissing).Judge(2);
  EXPECT_THAT(lost.spare, ElementsAre(Label(1)));
  EXPECT_EQ(lost.kept, 2U) << "what is not there takes no room";
  const ReplacedKeys retired = Story().Retired(1, 0).Used().Retired(2, 1).Used().Judge(1000);
  EXPECT_THAT(retired.destroy, ElementsAre(Label(1))) << "and not the newest, which nothing replaces";
  EXPECT_THAT(Story().Active(1).Destroyed(2).Judge().retire, IsEmpty()) << "it may never have been finished";
  EXPECT_THAT(Story().Retired(1, 0).Destroyed(2).Judge(1000).destroy, IsEmpty());
}

TEST(ReplacedKeys, OfMissingOnesOnlyTheRowGoesAndOnlyBelowAnActiveOne) {
  Story replaced;
  replaced.Retired(1, 0);
  replaced.last().state = KeyState::kMissing;
  Story all = replaced;
  replaced.Active(2);
  EXPECT_THAT(replaced.Judge(47).missing, IsEmpty());
  EXPECT_THAT(replaced.Judge(47).spare, IsEmpty()) << "no room comes of it";
  EXPECT_THAT(replaced.Judge(48).missing, ElementsAre(Label(1)));
  EXPECT_THAT(replaced.Judge(48).destroy, IsEmpty());
  const ReplacedKeys away = all.Row(2, KeyState::kMissing).Judge(1000);
  EXPECT_THAT(away.missing, IsEmpty()) << "another token may stand where theirs was";
  EXPECT_EQ(away.kept, 0U);
}

TEST(ReplacedKeys, NobodyElsesKeysAreJudged) {
  Story story;
  story.Retired(1, 0);
  story.last().maker = "";
  const ReplacedKeys keys = story.Active(2).Judge(1000);
  EXPECT_THAT(keys.destroy, IsEmpty());
  EXPECT_EQ(keys.kept, 1U);
  Story of_another_use;
  of_another_use.Retired(1, 0);
  of_another_use.last().named.use = KeyUse::kApp;
  EXPECT_THAT(of_another_use.Active(2).Judge(1000).destroy, IsEmpty());
  story.last().maker = "";
  const std::vector<CatalogEntry> nobodys = {story.last()};
  EXPECT_EQ(JudgeReplaced(nobodys, {.maker = "", .name = kName}, kToken, {}, At(0)).kept, 0U) << "nobody is no maker";
}

TEST(ReplacedKeys, AKeyInAnotherTokenIsReplacedAndLeftToIt) {
  Story story;
  story.Retired(1, 0);
  story.last().token = {.label = "before", .serial = ""};
  story.Active(2);
  story.last().token = {.label = "before", .serial = ""};
  const ReplacedKeys keys = story.Active(3).Judge(1000);
  EXPECT_THAT(keys.retire, ElementsAre(Label(2))) << "its owner has a newer one, wherever that is";
  EXPECT_THAT(keys.destroy, IsEmpty());
  EXPECT_EQ(keys.kept, 1U) << "only what is in this token takes room in it";
}

TEST(ReplacedKeys, RowsOfKeysLongGoneAreForgotten) {
  Story story;
  for (std::uint32_t generation = 1; generation <= kRememberedKeys + 2; ++generation) story.Destroyed(generation);
  EXPECT_THAT(story.Judge().forget, IsEmpty()) << "the newest row keeps the label of its key taken";
  const ReplacedKeys keys = story.Active(1000).Judge();
  EXPECT_THAT(keys.forget, ElementsAre(Label(1), Label(2)));
  EXPECT_EQ(keys.kept, 1U);
}

TEST(ReplacedKeys, AreFoundByName) {
  std::vector<CatalogEntry> rows;
  for (const auto& [name, maker] : {std::pair("b", kMaker), {"a", kMaker}, {"a", kMaker}, {"c", ""}}) {
    rows.push_back({.label = "", .named = {KeyUse::kForeignCa, name, 1}, .maker = maker});
  }
  EXPECT_THAT(NamesOfMaker(rows, kMaker), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace rootkeep::testing
