#include "attestation/verifier/boot_log_rules.h"

#include <gtest/gtest.h>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/secure_boot.h"
#include "tests/support/boot_log.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::HonestBootLog;
using testing::IsOk;
using testing::kImageSecurityDatabase;
using testing::Measure;
using testing::Says;
using testing::VariableData;

BootEvent& EventOf(BootLog& log, std::uint8_t pcr, EventType type) {
  for (BootEvent& event : log.events) {
    if (event.pcr == pcr && event.type == type) return event;
  }
  ADD_FAILURE() << "no such event";
  return log.events.front();
}

// `event` with other data, and measured so.
void Rewrite(const BootLog& log, BootEvent& event, ByteView data) {
  BootLog one{.banks = log.banks};
  Measure(one, event.pcr, event.type, data);
  event = one.events.front();
}

void Drop(BootLog& log, std::uint8_t pcr, EventType type) {
  std::erase_if(log.events, [&](const BootEvent& event) { return event.pcr == pcr && event.type == type; });
}

TEST(BootLogRules, TakeAnHonestLog) {
  EXPECT_THAT(CheckBootLog(HonestBootLog(true)), IsOk());
  EXPECT_THAT(CheckBootLog(HonestBootLog(false)), IsOk());
}

TEST(BootLogRules, RefuseTypesThatDoNotBelongInTheirPcr) {
  BootLog log = HonestBootLog(true);
  Measure(log, 7, EventType::kIpl, {});
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogType));
  EXPECT_THAT(CheckBootLog(log), Says("EV_IPL does not belong in PCR 7"));
}

TEST(BootLogRules, RefuseInTheKernelsPcrsWhatIsTheFirmwares) {
  for (const EventType type : {EventType::kSeparator, EventType::kEfiAction, EventType::kCrtmVersion,
                               EventType::kVariableDriverConfig, EventType::kBootServicesApplication}) {
    BootLog log = HonestBootLog(true);
    Measure(log, 8, type, Bytes(4));
    EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogType)) << EventTypeName(type);
  }
}

TEST(BootLogRules, RefuseTypesThatNobodyKnows) {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, static_cast<EventType>(0x80000099), {});
  EXPECT_THAT(CheckBootLog(log), Says("0x80000099 does not belong in PCR 4"));
}

TEST(BootLogRules, RefuseEventsInPcrsThatFirmwareDoesNotHave) {
  BootLog log = HonestBootLog(true);
  Measure(log, 16, EventType::kIpl, {});
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogType));
  log.events.back().type = EventType::kNoAction;
  EXPECT_THAT(CheckBootLog(log), IsOk());
}

// The type is not measured: SecureBoot = 0 must not pass for something else.
TEST(BootLogRules, RefuseDataThatWasNotMeasuredThoughItsTypeSaysSo) {
  for (const auto& [pcr, type] :
       {std::pair{7, EventType::kVariableDriverConfig}, std::pair{7, EventType::kVariableAuthority},
        std::pair{5, EventType::kEfiAction}, std::pair{7, EventType::kSeparator}}) {
    BootLog log = HonestBootLog(true);
    EventOf(log, static_cast<std::uint8_t>(pcr), type).data.back() ^= 1;
    EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest)) << EventTypeName(type);
  }
  BootLog log = HonestBootLog(true);
  Measure(log, 5, EventType::kGpt, AsBytes("partitions"), AsBytes("others"));
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest));
  Measure(log, 0, EventType::kAction, AsBytes("said"), AsBytes("done"));
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest));
}

TEST(BootLogRules, CompareDataInEveryBank) {
  for (const std::size_t bank : {0U, 1U}) {
    BootLog log = HonestBootLog(true);
    EventOf(log, 7, EventType::kVariableDriverConfig).digests[bank].back() ^= 1;
    EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest)) << bank;
  }
}

TEST(BootLogRules, LetOtherTypesMeasureWhatTheDataOnlyNames) {
  BootLog log = HonestBootLog(true);
  Measure(log, 4, EventType::kBootServicesApplication, AsBytes("a path"), AsBytes("a program"));
  EXPECT_THAT(CheckBootLog(log), IsOk());
}

TEST(BootLogRules, LetAnAuthorityHaveOneOctetTooMany) {
  const Bytes measured = VariableData(kImageSecurityDatabase, u"db", AsBytes("certificate"));
  Bytes logged = measured;
  logged.push_back(0xaf);
  BootLog log = HonestBootLog(true);
  Measure(log, 7, EventType::kVariableAuthority, logged, measured);
  EXPECT_THAT(CheckBootLog(log), IsOk());
  logged.push_back(0xaf);
  Measure(log, 7, EventType::kVariableAuthority, logged, measured);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest));
}

TEST(BootLogRules, WantEvenAnEmptyAuthorityMeasured) {
  BootLog log = HonestBootLog(true);
  Measure(log, 7, EventType::kVariableAuthority, {}, AsBytes("certificate"));
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest));
}

TEST(BootLogRules, LetNothingElseHaveOneOctetTooMany) {
  BootLog log = HonestBootLog(true);
  EventOf(log, 7, EventType::kVariableDriverConfig).data.push_back(0);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogDigest));
}

TEST(BootLogRules, WantOneSeparatorInEachFirmwarePcr) {
  for (std::uint8_t pcr = 0; pcr < 8; ++pcr) {
    BootLog none = HonestBootLog(true);
    Drop(none, pcr, EventType::kSeparator);
    EXPECT_THAT(CheckBootLog(none), HasReason(reason::kBootLogSeparator)) << int{pcr};
    BootLog two = HonestBootLog(true);
    Measure(two, pcr, EventType::kSeparator, Bytes(4));
    EXPECT_THAT(CheckBootLog(two), HasReason(reason::kBootLogSeparator)) << int{pcr};
  }
}

TEST(BootLogRules, RefuseASeparatorThatSaysThatFirmwareFailed) {
  BootLog log = HonestBootLog(true);
  const Bytes error{1, 0, 0, 0};
  Rewrite(log, EventOf(log, 3, EventType::kSeparator), error);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogSeparator));
  Rewrite(log, EventOf(log, 3, EventType::kSeparator), Bytes(5));
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogSeparator));
}

// A StartupLocality event before all others.
BootLog WithLocality(ByteView data) {
  BootLog log = HonestBootLog(true);
  BootEvent event{.pcr = 0, .type = EventType::kNoAction, .digests = {Bytes(20), Bytes(32)}, .data = ToBytes(data)};
  log.events.insert(log.events.begin(), event);
  return log;
}

Bytes Locality(std::uint8_t value) {
  Bytes data = ToBytes(AsBytes(std::string_view("StartupLocality\0", 16)));
  data.push_back(value);
  return data;
}

TEST(BootLogRules, ReadTheStartupLocality) {
  EXPECT_EQ(StartupLocality(HonestBootLog(true)).value(), 0);
  for (const std::uint8_t locality : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{4}}) {
    EXPECT_EQ(StartupLocality(WithLocality(Locality(locality))).value(), locality);
    EXPECT_THAT(CheckBootLog(WithLocality(Locality(locality))), IsOk());
  }
}

// Events of other types may say anything: only one that is not measured says from where the TPM was started.
TEST(BootLogRules, ReadTheStartupLocalityFromItsOwnEventAlone) {
  BootLog log = HonestBootLog(true);
  Measure(log, 0, EventType::kPostCode, Locality(3));
  EXPECT_EQ(StartupLocality(log).value(), 0);
}

TEST(BootLogRules, RefuseLocalitiesThatNoTpmStartsFrom) {
  for (const std::uint8_t locality : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{5}, std::uint8_t{0xff}}) {
    EXPECT_THAT(CheckBootLog(WithLocality(Locality(locality))), HasReason(reason::kBootLogLocality));
  }
}

TEST(BootLogRules, RefuseAStartupLocalityThatIsMalformedLateOrThereTwice) {
  Bytes shorter = Locality(3);
  shorter.pop_back();
  EXPECT_THAT(CheckBootLog(WithLocality(shorter)), HasReason(reason::kBootLogLocality));
  Bytes longer = Locality(3);
  longer.push_back(0);
  EXPECT_THAT(CheckBootLog(WithLocality(longer)), HasReason(reason::kBootLogLocality));
  BootLog twice = WithLocality(Locality(3));
  twice.events.insert(twice.events.begin(), twice.events.front());
  EXPECT_THAT(CheckBootLog(twice), HasReason(reason::kBootLogLocality));
  BootLog late = WithLocality(Locality(3));
  std::swap(late.events[0], late.events[1]);
  EXPECT_THAT(CheckBootLog(late), HasReason(reason::kBootLogLocality));
  BootLog elsewhere = WithLocality(Locality(3));
  elsewhere.events.front().pcr = 1;
  EXPECT_THAT(CheckBootLog(elsewhere), HasReason(reason::kBootLogLocality));
}

TEST(SecureBootRules, SayWhetherItIsOn) {
  EXPECT_EQ(ReadSecureBoot(HonestBootLog(true)).value(), (SecureBoot{.on = true}));
  EXPECT_EQ(ReadSecureBoot(HonestBootLog(false)).value(), (SecureBoot{.on = false}));
  EXPECT_EQ(InWords(SecureBoot{.on = true}), "on");
  EXPECT_EQ(InWords(SecureBoot{.debug_mode = true, .dma_protection_disabled = true}),
            "off, in debug mode, without protection from devices' memory access");
}

TEST(SecureBootRules, SayWhatWeakensIt) {
  BootLog log = HonestBootLog(true);
  Measure(log, 7, EventType::kEfiAction, AsBytes("UEFI Debug Mode"));
  Measure(log, 7, EventType::kEfiAction, AsBytes("DMA Protection Disabled"));
  EXPECT_EQ(ReadSecureBoot(log).value(), (SecureBoot{.on = true, .debug_mode = true, .dma_protection_disabled = true}));
}

// The first variable of PCR 7 in an honest log is SecureBoot.
Status WithSecureBoot(ByteView value, const Guid& vendor = kEfiGlobalVariable) {
  BootLog log = HonestBootLog(true);
  Rewrite(log, EventOf(log, 7, EventType::kVariableDriverConfig), VariableData(vendor, u"SecureBoot", value));
  return CheckBootLog(log);
}

TEST(SecureBootRules, WantOneOctetThatIsZeroOrOne) {
  EXPECT_THAT(WithSecureBoot(Bytes{1}), IsOk());
  EXPECT_THAT(WithSecureBoot({}), IsOk());  // firmware that cannot do it
  EXPECT_THAT(WithSecureBoot(Bytes{2}), HasReason(reason::kBootLogSecureBoot));
  EXPECT_THAT(WithSecureBoot(Bytes{1, 0}), HasReason(reason::kBootLogSecureBoot));
}

TEST(SecureBootRules, WantTheVariableOfFirmwareItself) {
  EXPECT_THAT(WithSecureBoot(Bytes{1}, kImageSecurityDatabase), HasReason(reason::kBootLogSecureBoot));
  BootLog log = HonestBootLog(true);
  Drop(log, 7, EventType::kVariableDriverConfig);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogSecureBoot));
}

TEST(SecureBootRules, TakeAnEmptyVariableForOff) {
  BootLog log = HonestBootLog(true);
  Rewrite(log, EventOf(log, 7, EventType::kVariableDriverConfig), VariableData(kEfiGlobalVariable, u"SecureBoot", {}));
  EXPECT_FALSE(ReadSecureBoot(log).value().on);
}

TEST(SecureBootRules, RefuseMalformedVariables) {
  BootLog log = HonestBootLog(true);
  Bytes data = VariableData(kEfiGlobalVariable, u"SecureBoot", Bytes{1});
  data.push_back(0);
  Rewrite(log, EventOf(log, 7, EventType::kVariableDriverConfig), data);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogVariable));
  data.resize(data.size() - 2);
  Rewrite(log, EventOf(log, 7, EventType::kVariableDriverConfig), data);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogVariable));
}

TEST(SecureBootRules, RefuseVariablesAfterFirmwareGaveControlAway) {
  BootLog log = HonestBootLog(true);
  Measure(log, 7, EventType::kVariableDriverConfig, VariableData(kImageSecurityDatabase, u"dbx", {}));
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogVariableOrder));
}

TEST(SecureBootRules, RefuseAVariableThatIsThereTwice) {
  BootLog log = HonestBootLog(true);
  BootEvent again = EventOf(log, 7, EventType::kVariableDriverConfig);
  Rewrite(log, again, VariableData(kEfiGlobalVariable, u"SecureBoot", Bytes{0}));
  log.events.insert(log.events.begin(), again);
  EXPECT_THAT(CheckBootLog(log), HasReason(reason::kBootLogVariableTwice));
}

}  // namespace
}  // namespace rootkeep::attestation
