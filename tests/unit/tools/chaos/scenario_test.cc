#include "tools/chaos/scenario.h"

#include "tests/support/matchers.h"

namespace rootkeep::chaos {
namespace {

using rootkeep::testing::HasCode;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;

Scenario Parsed(std::string_view text) {
  auto scenario = Scenario::Parse(text);
  EXPECT_THAT(scenario, IsOk());
  return scenario.ok() ? *scenario : Scenario{};
}

TEST(Scenario, EmptyTextAndCommentsChangeNothing) {
  const Scenario scenario = Parsed("\n  \n# nothing\n\t# nothing either\r\n");
  EXPECT_TRUE(scenario.rules.empty());
  EXPECT_EQ(scenario.slots, SlotMap());
  EXPECT_EQ(scenario.AwayFrom(0), nullptr);
}

TEST(Scenario, ReadsFailures) {
  const Scenario scenario =
      Parsed("fail C_Sign CKR_DEVICE_ERROR nth=3\nfail * 0x80000001 every=10 times=2 quiet # vendor's\n");
  ASSERT_EQ(scenario.rules.size(), 2U);
  EXPECT_EQ(scenario.rules[0].line, 1U);
  EXPECT_EQ(scenario.rules[0].function, Function::C_Sign);
  EXPECT_EQ(std::get<Fail>(scenario.rules[0].fault).rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(scenario.rules[0].trigger.when, Trigger::When::kNth);
  EXPECT_EQ(scenario.rules[0].trigger.n, 3U);
  EXPECT_FALSE(scenario.rules[0].quiet);
  EXPECT_EQ(scenario.rules[1].function, std::nullopt);
  EXPECT_EQ(std::get<Fail>(scenario.rules[1].fault).rv, 0x80000001U);
  EXPECT_EQ(scenario.rules[1].trigger.when, Trigger::When::kEvery);
  EXPECT_EQ(scenario.rules[1].trigger.times, 2U);
  EXPECT_TRUE(scenario.rules[1].quiet);
}

TEST(Scenario, ReadsDelays) {
  const Scenario scenario =
      Parsed("delay C_Sign 5ms workers=4\ndelay C_Sign 1.5us..2s\ndelay C_Login exp:70ms chance=0.25");
  ASSERT_EQ(scenario.rules.size(), 3U);
  const auto fixed = std::get<Delay>(scenario.rules[0].fault);
  EXPECT_EQ(fixed.shape, Delay::Shape::kFixed);
  EXPECT_EQ(fixed.low, std::chrono::milliseconds(5));
  EXPECT_EQ(fixed.workers, 4U);
  const auto uniform = std::get<Delay>(scenario.rules[1].fault);
  EXPECT_EQ(uniform.shape, Delay::Shape::kUniform);
  EXPECT_EQ(uniform.low, std::chrono::nanoseconds(1500));
  EXPECT_EQ(uniform.high, std::chrono::seconds(2));
  EXPECT_EQ(uniform.workers, 0U);
  const auto exponential = std::get<Delay>(scenario.rules[2].fault);
  EXPECT_EQ(exponential.shape, Delay::Shape::kExponential);
  EXPECT_EQ(exponential.low, std::chrono::milliseconds(70));
  EXPECT_EQ(scenario.rules[2].trigger.chance, 0.25);
}

TEST(Scenario, ReadsStates) {
  const Scenario scenario = Parsed(
      "seed 0x2a\nslot 7=0\nslot-offset 100\ntoken-away slot=3 sessions=CKR_SESSION_HANDLE_INVALID\n"
      "refuse-pin attempts=3\nsession-limit 8 announced\n");
  EXPECT_EQ(scenario.seed, 42U);
  EXPECT_EQ(scenario.slots.Real(7), 0U);
  EXPECT_EQ(scenario.slots.Real(105), 5U);
  ASSERT_NE(scenario.AwayFrom(3), nullptr);
  EXPECT_EQ(scenario.AwayFrom(3)->sessions, CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(scenario.AwayFrom(4), nullptr);
  EXPECT_EQ(scenario.refuse_pin->attempts, 3U);
  EXPECT_EQ(scenario.session_limit->count, 8U);
  EXPECT_TRUE(scenario.session_limit->announced);
}

TEST(Scenario, ReadsKeysByLabelAndId) {
  const Scenario scenario = Parsed("swap-key label:a%20b label:decoy class=private\nswap-key id:00ff id:01\n");
  ASSERT_EQ(scenario.swaps.size(), 2U);
  EXPECT_EQ(scenario.swaps[0].by, CKA_LABEL);
  EXPECT_EQ(scenario.swaps[0].from, "a b");
  EXPECT_EQ(scenario.swaps[0].object_class, CKO_PRIVATE_KEY);
  EXPECT_EQ(scenario.swaps[1].by, CKA_ID);
  EXPECT_EQ(scenario.swaps[1].from, std::string("\0\xff", 2));
  EXPECT_EQ(scenario.swaps[1].object_class, std::nullopt);
}

TEST(Scenario, EveryKindOfWrongSignatureHasAName) {
  for (const auto& [name, kind] : kSignatureKinds) {
    const Scenario scenario = Parsed("signature C_SignFinal " + std::string(name));
    ASSERT_EQ(scenario.rules.size(), 1U);
    EXPECT_EQ(std::get<WrongSignature>(scenario.rules[0].fault).kind, kind);
  }
}

class BadScenario : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadScenario, IsRefusedWithItsLine) {
  const auto [line, why] = GetParam();
  const auto scenario = Scenario::Parse("seed 1\n\n" + std::string(line) + "\n");
  EXPECT_THAT(scenario, HasCode(Code::kInvalidArgument));
  EXPECT_THAT(scenario, Says("line 3"));
  EXPECT_THAT(scenario, Says(why));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadScenario,
    ::testing::Values(
        std::pair("explode C_Sign", "unknown verb"), std::pair("Fail C_Sign CKR_CANCEL", "unknown verb"),
        std::pair("fail", "the function is missing"), std::pair("fail C_Sign", "the error code is missing"),
        std::pair("fail C_Sing CKR_CANCEL", "C_Sing"),
        std::pair("fail C_GetFunctionList CKR_CANCEL", "C_GetFunctionList"),
        std::pair("fail C_Sign CKR_OK", "not an error code"), std::pair("fail C_Sign 0x", "not an error code"),
        std::pair("fail C_Sign 48", "not an error code"), std::pair("fail C_Sign CKR_CANCEL nth=0", "start at 1"),
        std::pair("fail C_Sign CKR_CANCEL nth=1 every=2", "more than one"),
        std::pair("fail C_Sign CKR_CANCEL nth=1 nth=2", "understands"),
        std::pair("fail C_Sign CKR_CANCEL nth=1 times=2", "of no use"),
        std::pair("fail C_Sign CKR_CANCEL nth=-1", "not a number"),
        std::pair("fail C_Sign CKR_CANCEL nth=1x", "not a number"),
        std::pair("fail C_Sign CKR_CANCEL chance=1.1", "fraction"),
        std::pair("fail C_Sign CKR_CANCEL chance=nan", "fraction"),
        std::pair("fail C_Sign CKR_CANCEL now", "understands"), std::pair("delay C_Sign 5", "not a time"),
        std::pair("delay C_Sign -5ms", "not a time"), std::pair("delay C_Sign 2h", "not a time"),
        std::pair("delay C_Sign 3601s", "not a time"), std::pair("delay C_Sign 9ms..1ms", "shorter time"),
        std::pair("delay C_Sign 1ms workers=0", "workers"), std::pair("signature C_Verify flip", "C_SignFinal"),
        std::pair("signature * flip", "C_SignFinal"), std::pair("signature C_Sign upside-down", "upside-down"),
        std::pair("other-key C_Sign", "C_SignInit"), std::pair("token-away 3", "understands"),
        std::pair("token-away sessions=no", "not an error code"), std::pair("slot 7", "SHOWN=REAL"),
        std::pair("refuse-pin attempts=0", "attempts"), std::pair("session-limit many", "not a number"),
        std::pair("swap-key a label:b", "label:TEXT"), std::pair("swap-key label:a id:00", "both"),
        std::pair("swap-key label:a label:a", "itself"), std::pair("swap-key id:0 id:01", "hexadecimal"),
        std::pair("swap-key label:%4 label:b", "hexadecimal"), std::pair("swap-key label:% label:b", "hexadecimal"),
        std::pair("swap-key label:a label:b class=secret", "class"), std::pair("seed 2", "twice")));

TEST(Scenario, ASlotHasOneNumber) {
  EXPECT_THAT(Scenario::Parse("slot 7=0\nslot 8=0"), Says("line 2"));
  EXPECT_THAT(Scenario::Parse("slot 7=0\nslot 7=1"), Says("line 2"));
}

}  // namespace
}  // namespace rootkeep::chaos
