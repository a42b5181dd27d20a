// Policies that judge registers by the boot log, against whoever has root on the node and a true TPM: the quoted values
// are what was measured, the log is whatever he likes.
#include <gtest/gtest.h>

#include <algorithm>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/boot_log_replay.h"
#include "attestation/verifier/pcr_judgement.h"
#include "attestation/verifier/reasons.h"
#include "tests/support/boot_log.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using enum EventType;
using testing::Encode;
using testing::HasCode;
using testing::HasReason;
using testing::HonestBootLog;
using testing::IsOk;
using testing::Measure;
using testing::Says;

constexpr Algorithm kBank = Algorithm::kSha256;
const std::vector<std::uint8_t> kRequired{4, 7};

Bytes DigestOf(std::string_view measured) { return TpmHash(kBank, AsBytes(measured)).value(); }

std::vector<PcrValue> ValuesAfter(const BootLog& log) {
  const auto values = ReplayBootLog(log, kBank).value();
  return {{4, values[4]}, {7, values[7]}};
}

// PCR 4 by its events, PCR 7 by its value.
PcrPolicy ByEvents() {
  PcrGeneration generation{.name = "autumn"};
  generation.events[4] = {{kBootServicesApplication, {DigestOf("shim")}},
                          {kBootServicesApplication, {DigestOf("grub"), DigestOf("newer grub")}}};
  generation.allowed[7] = {ReplayBootLog(HonestBootLog(true), kBank).value()[7]};
  return {.required = kRequired, .generations = {generation}};
}

BootLog Booted(std::string_view grub = "grub") {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes(grub));
  return log;
}

PcrJudgement Judge(const PcrPolicy& policy, const BootLog& measured, ByteView shown) {
  return JudgePcrs(policy, SelectPcrs(kBank, kRequired), ValuesAfter(measured), shown);
}

// Where in the log the bootkit's event is.
auto BootkitIn(BootLog& log) {
  return std::ranges::find_if(log.events,
                              [](const BootEvent& event) { return event.digests.back() == DigestOf("bootkit"); });
}

class BootkitTest : public ::testing::Test {
 protected:
  void SetUp() override { Measure(measured_, 4, kBootServicesApplication, Bytes(32), AsBytes("bootkit")); }
  [[nodiscard]] PcrJudgement Show(const BootLog& log) const { return Judge(ByEvents(), measured_, Encode(log)); }

  BootLog measured_ = Booted();
};

TEST(PcrEvents, AreAllowed) {
  for (const char* grub : {"grub", "newer grub"}) {
    const PcrJudgement judgement = Judge(ByEvents(), Booted(grub), Encode(Booted(grub)));
    EXPECT_THAT(judgement.status, IsOk());
    EXPECT_EQ(judgement.generation, "autumn");
  }
}

TEST_F(BootkitTest, IsSeenInATrueLog) {
  const PcrJudgement judgement = Show(measured_);
  EXPECT_THAT(judgement.status, HasCode(Code::kPermissionDenied));
  EXPECT_THAT(judgement.status, HasReason(reason::kBootEventNotAllowed));
  EXPECT_THAT(judgement.status, Says("PCR 4 event 4"));
  EXPECT_EQ(judgement.differing, std::vector<std::uint8_t>{4});
  EXPECT_EQ(judgement.closest, "autumn");
}

TEST_F(BootkitTest, IsNotLeftOut) {
  BootLog log = measured_;
  log.events.erase(BootkitIn(log));
  EXPECT_THAT(Show(log).status, HasReason(reason::kBootLogReplay));
}

TEST_F(BootkitTest, IsNotCutOff) {
  EXPECT_THAT(Show(Booted()).status, HasReason(reason::kBootLogReplay));
  EXPECT_THAT(Judge(ByEvents(), measured_, {}).status, HasReason(reason::kBootLogMissing));
}

TEST_F(BootkitTest, HasNoOthersDigest) {
  BootLog log = measured_;
  BootkitIn(log)->digests.back() = DigestOf("grub");
  EXPECT_THAT(Show(log).status, HasReason(reason::kBootLogReplay));
}

// What extends nothing, what firmware is believed for without a rule, what another PCR may have.
TEST_F(BootkitTest, IsNoOtherEvent) {
  for (const auto& [type, pcr, why] :
       std::vector<std::tuple<EventType, std::uint8_t, std::string_view>>{{kNoAction, 4, reason::kBootLogReplay},
                                                                          {kSeparator, 4, reason::kBootLogDigest},
                                                                          {kEfiAction, 4, reason::kBootLogDigest},
                                                                          {kIpl, 4, reason::kBootEventNotAllowed},
                                                                          {kIpl, 9, reason::kBootLogReplay}}) {
    BootLog log = measured_;
    BootkitIn(log)->type = type;
    BootkitIn(log)->pcr = pcr;
    EXPECT_THAT(Show(log).status, HasReason(why)) << EventTypeName(type) << " in PCR " << int{pcr};
  }
}

// Without a register of the bootkit's, he would have to have none measured.
TEST_F(BootkitTest, DoesNotHideInAnotherBank) {
  BootLog log = measured_;
  log.banks = {Algorithm::kSha1};
  for (BootEvent& event : log.events) event.digests.pop_back();
  EXPECT_THAT(Show(log).status, HasReason(reason::kBootLogBank));
}

TEST(PcrEvents, InAnotherOrderAreNotWhatWasMeasured) {
  BootLog log = Booted();
  const auto shim =
      std::ranges::find_if(log.events, [](const BootEvent& event) { return event.type == kBootServicesApplication; });
  std::swap(*shim, log.events.back());
  EXPECT_THAT(Judge(ByEvents(), Booted(), Encode(log)).status, HasReason(reason::kBootLogReplay));
}

TEST(PcrEvents, ThatAreAllowedAndWereNotMeasuredAreNotThere) {
  const BootLog shim_only = HonestBootLog(true);
  EXPECT_THAT(Judge(ByEvents(), shim_only, Encode(shim_only)).status, HasReason(reason::kBootEventMissing));
  EXPECT_THAT(Judge(ByEvents(), shim_only, Encode(Booted())).status, HasReason(reason::kBootLogReplay));
}

// The true log of a machine that started GRUB alone, and whose root extended the rest afterwards.
TEST(PcrEvents, ThatCameAfterWhatTheyShouldHaveStartedDoNotCount) {
  BootLog log = Booted();
  const auto shim = std::ranges::find(log.events, kBootServicesApplication, &BootEvent::type);
  std::rotate(shim, shim + 1, log.events.end());
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  EXPECT_THAT(Judge(ByEvents(), log, Encode(log)).status, HasReason(reason::kBootEventNotAllowed));
}

TEST(PcrEvents, DoNotMakeUpForAValue) {
  BootLog insecure = HonestBootLog(false);
  Measure(insecure, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  const PcrJudgement judgement = Judge(ByEvents(), insecure, Encode(insecure));
  EXPECT_THAT(judgement.status, HasReason(reason::kPcrMismatch));
  EXPECT_EQ(judgement.differing, std::vector<std::uint8_t>{7});
  // A log of a secure boot is not this one's.
  EXPECT_THAT(Judge(ByEvents(), insecure, Encode(Booted())).status, HasReason(reason::kBootLogReplay));
}

TEST(PcrEvents, NeedALogOnlyWhereTheyAreJudged) {
  PcrPolicy policy = ByEvents();
  PcrGeneration by_value{.name = "spring"};
  for (const PcrValue& value : ValuesAfter(Booted())) by_value.allowed[value.index] = {value.digest};
  policy.generations.push_back(by_value);
  EXPECT_EQ(Judge(policy, Booted(), {}).generation, "spring");
  EXPECT_EQ(Judge(policy, Booted(), Bytes(8)).generation, "spring");
  EXPECT_EQ(Judge(policy, Booted(), Encode(Booted())).generation, "autumn");
  EXPECT_THAT(Judge(ByEvents(), Booted(), Bytes(8)).status, HasReason(reason::kBootLogHeader));
}

TEST(PcrEvents, AreDeniedByAPolicyThatIsUnsound) {
  const auto with = [](auto change) {
    PcrPolicy policy = ByEvents();
    change(policy.generations[0]);
    EXPECT_THAT(CheckPcrPolicy(policy), HasCode(Code::kInvalidArgument));
    return Judge(policy, Booted(), Encode(Booted())).status;
  };
  EXPECT_THAT(with([](PcrGeneration& one) { one.events[4] = {}; }), HasReason(reason::kPcrPolicyIncomplete));
  EXPECT_THAT(with([](PcrGeneration& one) { one.events.clear(); }), HasReason(reason::kPcrPolicyIncomplete));
  EXPECT_THAT(with([](PcrGeneration& one) { one.allowed[4] = {Bytes(32)}; }), HasReason(reason::kPcrPolicyIncomplete));
  EXPECT_THAT(with([](PcrGeneration& one) { one.events[9] = one.events[4]; }), HasReason(reason::kPcrPolicyIncomplete));
  EXPECT_THAT(with([](PcrGeneration& one) { one.events[4].front().digests.clear(); }),
              HasReason(reason::kBootEventNotAllowed));
}

// The operating system goes on with it: no log says all of it.
TEST(PcrEvents, OfAPcrThatGoesOnAreDenied) {
  PcrGeneration generation{.name = "ima"};
  generation.events[10] = {{kIpl, {DigestOf("a file")}}};
  const PcrPolicy policy{.required = {10}, .generations = {generation}};
  EXPECT_THAT(CheckPcrPolicy(policy), HasCode(Code::kInvalidArgument));
  BootLog log = HonestBootLog(true);
  Measure(log, 10, kIpl, AsBytes("a file"));
  const auto values = ReplayBootLog(log, kBank).value();
  EXPECT_THAT(JudgePcrs(policy, SelectPcrs(kBank, {10}), {{10, values[10]}}, Encode(log)).status,
              HasReason(reason::kPcrPolicyIncomplete));
}

TEST(PcrEvents, OfASoundPolicyAreTaken) {
  EXPECT_THAT(CheckPcrPolicy(ByEvents()), IsOk());
  EXPECT_TRUE(HasEventRules(ByEvents()));
  EXPECT_FALSE(HasEventRules({.required = {4}, .generations = {{.name = "x", .allowed = {{4, {Bytes(32)}}}}}}));
}

}  // namespace
}  // namespace rootkeep::attestation
