#include "attestation/verifier/boot_log_explain.h"

#include <gmock/gmock.h>

#include "attestation/verifier/boot_event_text.h"
#include "attestation/verifier/uefi_variable.h"
#include "tests/support/boot_log.h"

namespace rootkeep::attestation {
namespace {

using ::testing::ElementsAre;
using testing::HonestBootLog;
using ::testing::IsEmpty;
using testing::kImageSecurityDatabase;
using testing::Measure;
using ::testing::StartsWith;
using testing::VariableData;

std::vector<std::string> Change(const BootLog& then, const BootLog& now, std::uint8_t pcr) {
  return ExplainChange(then, now, Algorithm::kSha256, pcr);
}

TEST(BootLogExplanation, IsEmptyWhenNothingChanged) {
  for (std::uint8_t pcr = 0; pcr < 16; ++pcr)
    EXPECT_THAT(Change(HonestBootLog(true), HonestBootLog(true), pcr), IsEmpty());
  EXPECT_THAT(Change(HonestBootLog(true), HonestBootLog(false), 4), IsEmpty());
}

TEST(BootLogExplanation, SaysThatSecureBootWasTurnedOff) {
  EXPECT_THAT(
      Change(HonestBootLog(true), HonestBootLog(false), 7),
      ElementsAre("PCR 7 differs: secure boot was on, now off",
                  "PCR 7 event 1: was EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 01, is "
                  "EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 00",
                  StartsWith("PCR 7 event 5: no longer there: EV_EFI_VARIABLE_AUTHORITY db = 22 octets, SHA-256 ")));
  EXPECT_THAT(Change(HonestBootLog(false), HonestBootLog(true), 7),
              ElementsAre("PCR 7 differs: secure boot was off, now on", StartsWith("PCR 7 event 1: was "),
                          StartsWith("PCR 7 event 5: new: EV_EFI_VARIABLE_AUTHORITY db")));
}

TEST(BootLogExplanation, SaysWhichVariableChanged) {
  BootLog now = HonestBootLog(true);
  for (BootEvent& event : now.events) {
    if (SubjectOf(event) != "PK") continue;
    BootLog one{.banks = now.banks};
    Measure(one, 7, EventType::kVariableDriverConfig, VariableData(kEfiGlobalVariable, u"PK", AsBytes("new")));
    event = one.events.front();
  }
  EXPECT_THAT(
      Change(HonestBootLog(true), now, 7),
      ElementsAre("PCR 7 event 2: was EV_EFI_VARIABLE_DRIVER_CONFIG PK = 12 octets, SHA-256 6ad24d64804cf4a7..., is "
                  "EV_EFI_VARIABLE_DRIVER_CONFIG PK = 6e6577"));
}

TEST(BootLogExplanation, SaysWhichProgramsAreOthers) {
  BootLog then = HonestBootLog(true);
  BootLog now = then;
  for (BootEvent& event : now.events) {
    if (event.pcr == 9) event.digests[1].back() ^= 1;
  }
  EXPECT_THAT(Change(then, now, 9), ElementsAre("PCR 9 event 1: no longer there: EV_IPL, said to be \"/vmlinuz\"",
                                                "PCR 9 event 1: new: EV_IPL, said to be \"/vmlinuz\""));
}

TEST(BootLogExplanation, PairsEventsThatSayTheSameOfAnotherDigest) {
  // An image at one path: a device path node of type 4, subtype 4 with "\s", then the end.
  const Bytes image = FromHex(
                          "000000000000000000000000000000000000000000000000"
                          "0e00000000000000"
                          "04040a005c0073000000"
                          "7fff0400")
                          .value();
  BootLog then = HonestBootLog(true);
  BootLog now = then;
  Measure(then, 4, EventType::kBootServicesApplication, image, AsBytes("old"));
  Measure(now, 4, EventType::kBootServicesApplication, image, AsBytes("new"));
  EXPECT_THAT(Change(then, now, 4),
              ElementsAre("PCR 4 event 3: changed: EV_EFI_BOOT_SERVICES_APPLICATION, said to be \"\\s\""));
}

TEST(BootLogExplanation, SaysWhatIsNewInTheMiddle) {
  BootLog now = HonestBootLog(true);
  BootLog extra{.banks = now.banks};
  Measure(extra, 8, EventType::kIpl, AsBytes("grub_cmd: insmod evil"));
  now.events.insert(now.events.begin(), extra.events.front());
  EXPECT_THAT(Change(HonestBootLog(true), now, 8),
              ElementsAre("PCR 8 event 1: new: EV_IPL, said to be \"grub_cmd: insmod evil\""));
}

TEST(BootLogExplanation, SaysWhenOnlyTheOrderChanged) {
  BootLog now = HonestBootLog(true);
  std::swap(now.events[0], now.events[1]);
  EXPECT_THAT(Change(HonestBootLog(true), now, 0),
              ElementsAre("PCR 0 differs: the same events happened in another order"));
}

TEST(BootLogExplanation, HasALimit) {
  BootLog now = HonestBootLog(true);
  for (int i = 0; i < 100; ++i) Measure(now, 8, EventType::kIpl, AsBytes(std::to_string(i)));
  const std::vector<std::string> lines = Change(HonestBootLog(true), now, 8);
  ASSERT_EQ(lines.size(), kMaxExplanationLines);
  EXPECT_EQ(lines.back(), "PCR 8: 81 more lines were left out");
  for (int i = 0; i < 300; ++i) Measure(now, 8, EventType::kIpl, AsBytes(std::to_string(i)));
  EXPECT_THAT(Change(HonestBootLog(true), now, 8), ElementsAre("PCR 8 differs: 0 of its events are now 400 others"));
}

TEST(BootLogExplanation, NeedsTheBankInBothLogs) {
  EXPECT_THAT(ExplainChange(HonestBootLog(true), HonestBootLog(false), Algorithm::kSha384, 7), IsEmpty());
}

TEST(BootLogDescription, SaysWhatAPcrIsMadeOf) {
  EXPECT_THAT(
      DescribePcr(HonestBootLog(true), 7),
      ElementsAre("PCR 7 says that secure boot is on", "PCR 7 event 1: EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot = 01",
                  StartsWith("PCR 7 event 2: EV_EFI_VARIABLE_DRIVER_CONFIG PK = 12 octets"),
                  StartsWith("PCR 7 event 3: EV_EFI_VARIABLE_DRIVER_CONFIG db = 12 octets"),
                  "PCR 7 event 4: EV_SEPARATOR",
                  StartsWith("PCR 7 event 5: EV_EFI_VARIABLE_AUTHORITY db = 22 octets")));
  EXPECT_THAT(DescribePcr(HonestBootLog(true), 9), ElementsAre("PCR 9 event 1: EV_IPL, said to be \"/vmlinuz\""));
}

TEST(BootEventText, IsPrintableAndShort) {
  BootEvent event{.pcr = 8, .type = EventType::kIpl, .data = FromHex("61001b5b316d").value()};
  EXPECT_EQ(InWords(event), "EV_IPL, said to be \"a??[1m\"");
  event.data = Bytes(5000, 'x');
  EXPECT_LT(InWords(event).size(), 300U);
  event.data = FromHex("61006200ac200000").value();  // UTF-16
  EXPECT_EQ(InWords(event), "EV_IPL, said to be \"ab?\"");
}

TEST(BootEventText, IsOfTextOnly) {
  BootEvent event{.type = EventType::kFirmwareBlob, .data = FromHex("00008200000000000000410000000000").value()};
  EXPECT_EQ(InWords(event), "EV_EFI_PLATFORM_FIRMWARE_BLOB");
  event = {
      .pcr = 9, .type = EventType::kEventTag, .data = FromHex("ec223b8f0d0000004c696e757820696e6974726400").value()};
  EXPECT_EQ(InWords(event), "EV_EVENT_TAG, said to be \"Linux initrd\"");
  event.data.pop_back();  // its size is another
  EXPECT_EQ(InWords(event), "EV_EVENT_TAG, said to be \"??;?????Linux initrd\"");
}

TEST(BootEventText, IsShortForALongPath) {
  Bytes image(24);
  const Bytes node = FromHex("040406007800").value();  // a path of one character
  constexpr std::size_t kNodes = 10'000;
  for (const std::uint64_t octet : {kNodes * 6 & 0xff, kNodes * 6 >> 8 & 0xff}) {
    image.push_back(static_cast<std::uint8_t>(octet));
  }
  image.resize(32);
  for (std::size_t i = 0; i < kNodes; ++i) image.insert(image.end(), node.begin(), node.end());
  const BootEvent event{.type = EventType::kBootServicesApplication, .data = image};
  EXPECT_LT(SubjectOf(event).size(), 600U);
  EXPECT_THAT(InWords(event), StartsWith("EV_EFI_BOOT_SERVICES_APPLICATION, said to be \"xxx"));
}

TEST(BootEventText, BearsMalformedEvents) {
  EXPECT_EQ(InWords(BootEvent{.type = EventType::kVariableBoot, .data = Bytes(10)}), "EV_EFI_VARIABLE_BOOT, malformed");
  EXPECT_EQ(InWords(BootEvent{.type = EventType::kBootServicesDriver, .data = Bytes(10)}),
            "EV_EFI_BOOT_SERVICES_DRIVER");
  EXPECT_EQ(InWords(BootEvent{.type = static_cast<EventType>(9999)}), "0x0000270f");
  const Bytes boot = VariableData(kEfiGlobalVariable, u"BootOrder", Bytes{1, 0});
  EXPECT_EQ(InWords(BootEvent{.type = EventType::kVariableBoot, .data = boot}),
            "EV_EFI_VARIABLE_BOOT, said to be BootOrder = 0100");
}

TEST(UefiVariables, AreReadStrictly) {
  const Bytes octets = VariableData(kEfiGlobalVariable, u"db", AsBytes("value"));
  const auto variable = ReadUefiVariable(octets);
  ASSERT_TRUE(variable.has_value());
  EXPECT_EQ(variable->vendor, kEfiGlobalVariable);
  EXPECT_EQ(variable->name, u"db");
  EXPECT_EQ(AsText(variable->data), "value");
  EXPECT_EQ(variable->left_over, 0U);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    EXPECT_FALSE(ReadUefiVariable(ByteView(octets).first(size)).has_value()) << size;
  }
  Bytes longer = octets;
  longer.push_back(0);
  EXPECT_EQ(ReadUefiVariable(longer)->left_over, 1U);
  for (const std::size_t length : {16U, 24U}) {  // of the name, of the data
    Bytes huge = octets;
    huge[length + 7] = 0xff;
    EXPECT_FALSE(ReadUefiVariable(huge).has_value());
  }
}

}  // namespace
}  // namespace rootkeep::attestation
