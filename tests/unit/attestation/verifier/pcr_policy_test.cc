#include "attestation/verifier/pcr_policy.h"

#include "attestation/verifier/pcr_judgement.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const Bytes kOld(32, 1);
const Bytes kNew(32, 2);
const Bytes kOther(32, 3);

// PCRs 4 and 7; the firmware is the same before and after the rollout.
PcrPolicy TwoGenerations() {
  return {.required = {4, 7},
          .generations = {{.name = "spring", .allowed = {{4, {kOld}}, {7, {kOld}}}, .composites = {}},
                          {.name = "summer", .allowed = {{4, {kNew}}, {7, {kOld, kNew}}}, .composites = {}}}};
}

const PcrSelection kAsked = SelectPcrs(Algorithm::kSha256, {4, 7, 9});

PcrJudgement Judge(const PcrPolicy& policy, const Bytes& pcr4, const Bytes& pcr7) {
  return JudgePcrs(policy, kAsked, {{4, pcr4}, {7, pcr7}, {9, kOther}}, {});
}

TEST(PcrPolicy, AllowsEachOfItsGenerations) {
  EXPECT_EQ(Judge(TwoGenerations(), kOld, kOld).generation, "spring");
  EXPECT_EQ(Judge(TwoGenerations(), kNew, kNew).generation, "summer");
  const PcrJudgement judgement = Judge(TwoGenerations(), kNew, kOld);
  EXPECT_THAT(judgement.status, IsOk());
  EXPECT_EQ(judgement.generation, "summer");
}

TEST(PcrPolicy, MixesNoGenerations) {
  const PcrJudgement judgement = Judge(TwoGenerations(), kOld, kNew);
  EXPECT_THAT(judgement.status, HasReason(reason::kPcrMismatch));
  EXPECT_EQ(judgement.generation, "");
}

TEST(PcrPolicy, SaysWhichRegistersDiffer) {
  const PcrJudgement judgement = Judge(TwoGenerations(), kNew, kOther);
  EXPECT_THAT(judgement.status, HasReason(reason::kPcrMismatch));
  EXPECT_EQ(judgement.differing, std::vector<std::uint8_t>{7});
  EXPECT_NE(judgement.status.error().message().find("PCR 7 is " + ToHex(kOther)), std::string::npos);
  EXPECT_NE(judgement.status.error().message().find("closest: summer"), std::string::npos);
}

TEST(PcrPolicy, DeniesWhenItIsEmpty) {
  EXPECT_THAT(Judge({}, kOld, kOld).status, HasReason(reason::kPcrPolicyEmpty));
  EXPECT_THAT(Judge({.required = {4}}, kOld, kOld).status, HasReason(reason::kPcrPolicyEmpty));
  EXPECT_THAT(Judge({.required = {}, .generations = TwoGenerations().generations}, kOld, kOld).status,
              HasReason(reason::kPcrPolicyEmpty));
  EXPECT_THAT(Judge({.required = {}, .learn = true}, kOld, kOld).status, HasReason(reason::kPcrPolicyEmpty));
}

TEST(PcrPolicy, DeniesWhatItHasNoValueFor) {
  PcrPolicy policy = TwoGenerations();
  policy.generations.resize(1);
  policy.generations[0].allowed.erase(7);
  EXPECT_THAT(Judge(policy, kOld, kOld).status, HasReason(reason::kPcrPolicyIncomplete));
  policy.generations[0].allowed[7] = {};
  EXPECT_THAT(Judge(policy, kOld, kOld).status, HasReason(reason::kPcrPolicyIncomplete));
}

TEST(PcrPolicy, DeniesByWhatItWouldNotCompare) {
  PcrPolicy policy = TwoGenerations();
  policy.generations.resize(1);
  policy.generations[0].allowed[9] = {kOld};  // it is kOther, and not required
  EXPECT_THAT(Judge(policy, kOld, kOld).status, HasReason(reason::kPcrPolicyIncomplete));
}

TEST(PcrPolicy, DeniesWhatWasNotQuoted) {
  const std::vector<PcrValue> values{{4, kOld}, {7, kOld}};
  EXPECT_THAT(JudgePcrs(TwoGenerations(), SelectPcrs(Algorithm::kSha256, {4}), values, {}).status,
              HasReason(reason::kPcrNotQuoted));
  EXPECT_THAT(JudgePcrs(TwoGenerations(), SelectPcrs(Algorithm::kSha384, {4, 7}), values, {}).status,
              HasReason(reason::kPcrNotQuoted));
  EXPECT_THAT(JudgePcrs(TwoGenerations(), SelectPcrs(Algorithm::kSha256, {4, 7}), {{4, kOld}}, {}).status,
              HasReason(reason::kPcrNotQuoted));
}

TEST(PcrPolicy, PassesNothingWhileItLearns) {
  PcrPolicy policy = TwoGenerations();
  policy.learn = true;
  EXPECT_THAT(Judge(policy, kOld, kOld).status, HasReason(reason::kPcrLearning));
}

TEST(PcrPolicy, AllowsWholeStates) {
  ASSERT_OK_AND_ASSIGN(const Bytes composite, CompositeOf({4, 7}, {{4, kOther}, {7, kNew}}));
  PcrPolicy policy = TwoGenerations();
  policy.generations.push_back({.name = "odd", .allowed = {}, .composites = {composite}});
  EXPECT_EQ(Judge(policy, kOther, kNew).generation, "odd");
  EXPECT_THAT(Judge(policy, kNew, kOther).status, HasReason(reason::kPcrMismatch));  // the same values, swapped
  policy.generations = {policy.generations.back()};
  EXPECT_THAT(Judge(policy, kNew, kOther).status, HasReason(reason::kPcrMismatch));
  EXPECT_THAT(CompositeOf({4, 8}, {{4, kOther}}), HasCode(Code::kNotFound));
}

TEST(PcrPolicyCheck, TakesSoundPolicies) {
  EXPECT_THAT(CheckPcrPolicy(TwoGenerations()), IsOk());
  EXPECT_THAT(CheckPcrPolicy({.required = {0}, .learn = true}), IsOk());
  EXPECT_THAT(
      CheckPcrPolicy({.required = {0, 23}, .generations = {{.name = "x", .allowed = {}, .composites = {Bytes(32)}}}}),
      IsOk());
}

// A policy that learns has no values with which a mistake could disagree.
TEST(PcrPolicyCheck, RefusesMistakesInWhatIsLearned) {
  const auto learn = [](Algorithm bank, std::vector<std::uint8_t> required) {
    return CheckPcrPolicy({.bank = bank, .required = std::move(required), .learn = true});
  };
  EXPECT_THAT(learn(Algorithm::kSha384, {4, 7}), IsOk());
  EXPECT_THAT(learn(Algorithm::kSha1, {4, 7}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(learn(Algorithm::kSha256, {}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(learn(Algorithm::kSha256, {4, 24}), HasCode(Code::kInvalidArgument));
}

TEST(PcrPolicyCheck, RefusesAGenerationOfNothing) {
  EXPECT_THAT(CheckPcrPolicy({.required = {4}, .generations = {{.name = "x", .allowed = {}, .composites = {}}}}),
              HasCode(Code::kInvalidArgument));
}

TEST(PcrPolicyCheck, RefusesOthers) {
  const auto with = [](auto change) {
    PcrPolicy policy = TwoGenerations();
    change(policy);
    return CheckPcrPolicy(policy);
  };
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.bank = Algorithm::kSha1; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.bank = Algorithm::kSha384; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.required = {}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.required = {7, 4}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.required = {4, 4}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.required = {4, 24}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.required = {4, 7, 9}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[0].allowed[9] = {kOld}; }),
              HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[0].name = ""; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[0].name = "summer"; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) {
                policy.generations[0].composites = {Bytes(32)};
                policy.generations[0].allowed.erase(7);
              }),
              HasCode(Code::kInvalidArgument));
  for (const std::vector<std::uint8_t>& resettable : {std::vector<std::uint8_t>{16}, {23}, {16, 23}}) {
    EXPECT_THAT(CheckPcrPolicy({.required = resettable, .learn = true}), HasCode(Code::kInvalidArgument));
  }
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations = {}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[1].allowed[7] = {}; }), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[1].allowed[7] = {Bytes(20)}; }),
              HasCode(Code::kInvalidArgument));
  EXPECT_THAT(with([](PcrPolicy& policy) { policy.generations[1].composites = {Bytes(20)}; }),
              HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::attestation
