#include "attestation/verifier/boot_log_report.h"

#include <gmock/gmock.h>

#include "attestation/verifier/boot_log_replay.h"
#include "tests/support/boot_log.h"

namespace rootkeep::attestation {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Encode;
using ::testing::HasSubstr;
using testing::HonestBootLog;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

QuotedBootLog Quoted(const BootLog& log) {
  QuotedBootLog quoted{.log = Encode(log)};
  const auto values = ReplayBootLog(log, Algorithm::kSha256).value();
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) quoted.values.push_back({pcr, values[pcr]});
  return quoted;
}

std::vector<std::string> Report(const std::vector<std::uint8_t>& differing, const QuotedBootLog& now,
                                const std::optional<QuotedBootLog>& then) {
  return ReportPcrs(differing, now, then, Algorithm::kSha256);
}

const QuotedBootLog kOn = Quoted(HonestBootLog(true));
const QuotedBootLog kOff = Quoted(HonestBootLog(false));

TEST(BootLogReport, SaysNothingWhenNothingDiffers) { EXPECT_THAT(Report({}, kOff, kOn), IsEmpty()); }

TEST(BootLogReport, SaysHowThingsChanged) {
  const std::vector<std::string> lines = Report({7}, kOff, kOn);
  EXPECT_EQ(lines.front(), "PCR 7 differs: secure boot was on, now off");
}

TEST(BootLogReport, SaysHowThingsAreWhenThereIsNothingToCompareWith) {
  const std::vector<std::string> lines = Report({7}, kOff, std::nullopt);
  EXPECT_EQ(lines[0], "PCR 7 differs from what the policy accepts");
  EXPECT_EQ(lines[1], "PCR 7 says that secure boot is off");
}

// The node is as it was, and the policy changed.
TEST(BootLogReport, SaysHowThingsAreWhenTheNodeDidNotChange) {
  EXPECT_THAT(Report({4}, kOn, kOn),
              ElementsAre("PCR 4 differs from what the policy accepts", "PCR 4 event 1: EV_SEPARATOR",
                          StartsWith("PCR 4 event 2: EV_EFI_BOOT_SERVICES_APPLICATION")));
}

TEST(BootLogReport, SaysWhenThereIsNoLog) {
  EXPECT_THAT(Report({7}, {}, kOn), ElementsAre("there is no boot log of this quote"));
  EXPECT_THAT(Report({7}, kOff, QuotedBootLog{}), AllOf(Contains("there is no boot log of the last accepted quote"),
                                                        Contains("PCR 7 says that secure boot is off")));
}

// A log that says what the quote does not.
TEST(BootLogReport, BelievesNoLogForOtherValues) {
  const QuotedBootLog forged{.log = kOn.log, .values = kOff.values};
  EXPECT_THAT(Report({7}, forged, kOn), ElementsAre(AllOf(StartsWith("the boot log of this quote explains nothing: "),
                                                          HasSubstr("gives PCR 7 the value"))));
  const std::vector<std::string> lines = Report({7}, kOff, forged);
  EXPECT_THAT(lines, Contains(StartsWith("the boot log of the last accepted quote explains nothing: ")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("was on"))));
}

// The log could say of it what it likes.
TEST(BootLogReport, ConcludesNothingAboutPcrsThatWereNotQuoted) {
  QuotedBootLog now = kOff;
  std::erase_if(now.values, [](const PcrValue& value) { return value.index == 7; });
  EXPECT_THAT(Report({7}, now, kOn), ElementsAre("PCR 7 was not quoted"));
  QuotedBootLog then = kOn;
  std::erase_if(then.values, [](const PcrValue& value) { return value.index == 7; });
  EXPECT_THAT(Report({7}, kOff, then),
              AllOf(Contains("PCR 7 says that secure boot is off"), Not(Contains(HasSubstr("was on")))));
}

TEST(BootLogReport, SaysWhichPcrsGoOnAfterTheLog) {
  EXPECT_THAT(Report({11}, kOff, kOn),
              ElementsAre("PCR 11 differs: the operating system extends it after the boot log ends"));
}

}  // namespace
}  // namespace rootkeep::attestation
