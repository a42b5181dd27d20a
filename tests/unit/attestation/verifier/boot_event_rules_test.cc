#include "attestation/verifier/boot_event_rules.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "attestation/verifier/reasons.h"
#include "tests/support/boot_log.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using enum EventType;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasReason;
using testing::HonestBootLog;
using testing::IsOk;
using testing::Measure;
using testing::Says;

constexpr Algorithm kBank = Algorithm::kSha256;

Bytes DigestOf(std::string_view measured) { return TpmHash(kBank, AsBytes(measured)).value(); }

const BootEventRules kPrograms{{kBootServicesApplication, {DigestOf("shim"), DigestOf("newer shim")}},
                               {kBootServicesApplication, {DigestOf("grub")}}};

// Shim and GRUB, in PCR 4.
BootLog Booted() {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  return log;
}

TEST(BootEventRules, AllowWhatTheyList) {
  EXPECT_THAT(JudgeBootEvents(kPrograms, Booted(), kBank, 4), IsOk());
  BootLog twice = Booted();
  Measure(twice, 4, kBootServicesApplication, Bytes(32), AsBytes("newer shim"));
  EXPECT_THAT(JudgeBootEvents(kPrograms, twice, kBank, 4), IsOk());
}

TEST(BootEventRules, RefuseWhatTheyDoNot) {
  BootLog log = Booted();
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("bootkit"));
  const Status refused = JudgeBootEvents(kPrograms, log, kBank, 4);
  EXPECT_THAT(refused, HasReason(reason::kBootEventNotAllowed));
  EXPECT_THAT(refused, Says("PCR 4 event 4: EV_EFI_BOOT_SERVICES_APPLICATION, " + ToHex(DigestOf("bootkit"))));
  // In another PCR it is another PCR's to judge.
  log.events.back().pcr = 2;
  EXPECT_THAT(JudgeBootEvents(kPrograms, log, kBank, 4), IsOk());
}

// Also of types that no rule is about.
TEST(BootEventRules, RefuseEveryOtherTypeOfEvent) {
  for (const EventType type : {kEfiAction, kIpl, kBootServicesDriver, kEventTag}) {
    BootLog log = Booted();
    Measure(log, 4, type, AsBytes("shim"));
    EXPECT_THAT(JudgeBootEvents(kPrograms, log, kBank, 4), HasReason(reason::kBootEventNotAllowed))
        << EventTypeName(type);
  }
}

TEST(BootEventRules, WantAnEventOfEachRule) {
  const Status missing = JudgeBootEvents(kPrograms, HonestBootLog(true), kBank, 4);
  EXPECT_THAT(missing, HasReason(reason::kBootEventMissing));
  EXPECT_THAT(missing, Says("PCR 4: no EV_EFI_BOOT_SERVICES_APPLICATION with the digest " + ToHex(DigestOf("grub"))));
  // Said, and not extended.
  BootLog said = HonestBootLog(true);
  Measure(said, 4, kNoAction, Bytes(32), AsBytes("grub"));
  EXPECT_THAT(JudgeBootEvents(kPrograms, said, kBank, 4), HasReason(reason::kBootEventMissing));
}

// Whoever starts something else in a program's place can extend the program's digest later.
TEST(BootEventRules, WantThemInTheirOrder) {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  const auto shim = std::ranges::find(log.events, kBootServicesApplication, &BootEvent::type);
  std::rotate(shim, shim + 1, log.events.end());
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  const Status early = JudgeBootEvents(kPrograms, log, kBank, 4);
  EXPECT_THAT(early, HasReason(reason::kBootEventNotAllowed));
  EXPECT_THAT(early, Says("PCR 4 event 2"));
  EXPECT_THAT(early, Says("not allowed yet"));
}

TEST(BootEventRules, WantAnEventForEach) {
  BootEventRules twice = kPrograms;
  twice.push_back(kPrograms.back());
  BootLog log = Booted();
  EXPECT_THAT(JudgeBootEvents(twice, log, kBank, 4), HasReason(reason::kBootEventMissing));
  Measure(log, 4, kBootServicesApplication, Bytes(32), AsBytes("grub"));
  EXPECT_THAT(JudgeBootEvents(twice, log, kBank, 4), IsOk());
}

TEST(BootEventRules, ReadTheBankThatIsAsked) {
  BootLog log = Booted();
  for (BootEvent& event : log.events) event.digests[0] = Bytes(20);
  EXPECT_THAT(JudgeBootEvents(kPrograms, log, kBank, 4), IsOk());
  EXPECT_THAT(JudgeBootEvents(kPrograms, log, Algorithm::kSha1, 4), HasReason(reason::kBootEventNotAllowed));
  EXPECT_THAT(JudgeBootEvents(kPrograms, log, Algorithm::kSha384, 4), HasReason(reason::kBootEventMissing));
}

TEST(BootEventRules, ExplainEachEvent) {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, kEfiAction, AsBytes("Calling EFI Application from Boot Option"));
  const auto text = [](std::string_view measured) { return ToHex(DigestOf(measured)); };
  EXPECT_THAT(ExplainBootEvents(kPrograms, log, kBank, 4),
              ElementsAre("PCR 4 event 1: EV_SEPARATOR, " + text({"\0\0\0\0", 4}) + ": allowed",
                          "PCR 4 event 2: EV_EFI_BOOT_SERVICES_APPLICATION, " + text("shim") + ": allowed",
                          "PCR 4 event 3: EV_EFI_ACTION \"Calling EFI Application from Boot Option\", " +
                              text("Calling EFI Application from Boot Option") + ": not allowed",
                          "PCR 4: no EV_EFI_BOOT_SERVICES_APPLICATION with the digest " + text("grub")));
}

TEST(BootEventRulesCheck, TakesSoundRules) { EXPECT_THAT(CheckBootEventRules(kPrograms, kBank, 4), IsOk()); }

TEST(BootEventRulesCheck, RefusesOthers) {
  const Bytes digest(32);
  const auto refused = [](const BootEventRules& rules, std::uint8_t pcr = 4) {
    EXPECT_THAT(CheckBootEventRules(rules, kBank, pcr), HasCode(Code::kInvalidArgument));
  };
  refused({});
  refused({{kBootServicesApplication, {}}});
  refused({{kBootServicesApplication, {Bytes(20)}}});
  refused({{kSeparator, {digest}}});
  refused({{kNoAction, {digest}}});
  refused({{kVariableAuthority, {digest}}});  // of PCR 7
  refused({{static_cast<EventType>(2), {digest}}});
  for (const std::uint8_t pcr : std::initializer_list<std::uint8_t>{10, 11, 13, 15, 16, 23})
    refused({{kIpl, {digest}}}, pcr);
  refused(BootEventRules(kMaxBootEventRules + 1, {kBootServicesApplication, {digest}}));
  BootEventRule many{kBootServicesApplication, {}};
  for (std::uint16_t i = 0; i <= kMaxBootEventDigests; ++i) {
    Bytes each(32);
    each[0] = static_cast<std::uint8_t>(i >> 8U);
    each[1] = static_cast<std::uint8_t>(i);
    many.digests.insert(each);
  }
  refused({many});
}

TEST(EventType, HasTheNameThatItIsReadBackFrom) {
  for (const EventType type : {kPostCode, kBootServicesApplication, kVariableAuthority, kSpdmFirmwareConfig}) {
    EXPECT_EQ(EventTypeFromName(EventTypeName(type)), type);
  }
  EXPECT_EQ(EventTypeFromName("0x00000002"), std::nullopt);
  EXPECT_EQ(EventTypeFromName("EV_EFI"), std::nullopt);
  EXPECT_EQ(EventTypeFromName(""), std::nullopt);
}

}  // namespace
}  // namespace rootkeep::attestation
