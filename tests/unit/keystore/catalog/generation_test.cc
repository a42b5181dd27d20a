#include "keystore/catalog/generation.h"

#include <limits>

#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {
namespace {

constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();

CatalogEntry Row(std::uint32_t generation, KeyState state, const std::string& name = "web", KeyUse use = KeyUse::kApp) {
  const std::string label = KeyLabel({.use = use, .name = name, .generation = generation}).value();
  return {.label = label, .named = *ParseKeyLabel(label), .state = state};
}

KeyInfo Key(const std::string& label) {
  KeyInfo key = SoftwareSigner("P-256").info();
  key.label = label;
  key.named = ParseKeyLabel(label);
  return key;
}

std::uint32_t Next(const std::vector<CatalogEntry>& rows, const std::vector<KeyInfo>& keys = {}) {
  return NextGeneration(rows, keys, KeyUse::kApp, "web").value();
}

TEST(NextGeneration, BeginsWithOne) {
  EXPECT_EQ(Next({}), 1U);
  EXPECT_EQ(Next({Row(7, KeyState::kActive, "other"), Row(7, KeyState::kActive, "web", KeyUse::kLog)}), 1U);
}

TEST(NextGeneration, IsAboveEveryRowAndKey) {
  EXPECT_EQ(Next({Row(1, KeyState::kActive), Row(4, KeyState::kDestroyed)}), 5U) << "no generation comes twice";
  EXPECT_EQ(Next({Row(1, KeyState::kActive)}, {Key("rk/app/web/6"), Key("rk/app/other/9"), Key("stranger")}), 7U);
  EXPECT_EQ(Next({Row(10, KeyState::kRetired), Row(9, KeyState::kActive)}), 11U) << "as numbers, not as text";
}

TEST(NextGeneration, IsThePendingOneThatIsToBeFinished) {
  EXPECT_EQ(Next({Row(1, KeyState::kActive), Row(2, KeyState::kPending)}), 2U);
  EXPECT_EQ(Next({Row(2, KeyState::kPending)}, {Key("rk/app/web/2")}), 2U);
  EXPECT_EQ(Next({Row(2, KeyState::kPending)}, {Key("rk/app/web/3")}), 4U);
  EXPECT_EQ(Next({Row(1, KeyState::kPending), Row(2, KeyState::kActive)}), 3U);
}

TEST(NextGeneration, EndsWithTheLast) {
  EXPECT_THAT(NextGeneration(std::vector{Row(kLast, KeyState::kActive)}, {}, KeyUse::kApp, "web"),
              HasCode(Code::kResourceExhausted));
}

}  // namespace
}  // namespace rootkeep::testing
