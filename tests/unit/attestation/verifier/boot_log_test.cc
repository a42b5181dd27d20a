#include "attestation/verifier/boot_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/wire/messages.h"
#include "tests/support/boot_log.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::Encode;
using testing::HasReason;
using testing::HonestBootLog;
using testing::IsOk;
using testing::Measure;
using testing::Says;

// Where the parts of the header are.
constexpr std::size_t kType = 4;
constexpr std::size_t kDigest = 8;
constexpr std::size_t kDataSize = 28;
constexpr std::size_t kSignature = 32;
constexpr std::size_t kMinor = 52;
constexpr std::size_t kMajor = 53;
constexpr std::size_t kBankCount = 56;
constexpr std::size_t kFirstBank = 60;
constexpr std::size_t kSecondBank = 64;
constexpr std::size_t kVendorSize = 68;
constexpr std::size_t kFirstEvent = 69;

Bytes Changed(std::size_t at, std::uint8_t octet) {
  Bytes octets = Encode(HonestBootLog(true));
  octets[at] = octet;
  return octets;
}

TEST(BootLogForm, IsRead) {
  const BootLog log = HonestBootLog(true);
  EXPECT_EQ(ParseBootLog(Encode(log)).value(), log);
  EXPECT_EQ(BankIndex(log, Algorithm::kSha256), 1U);
  EXPECT_EQ(BankIndex(log, Algorithm::kSha384), std::nullopt);
}

TEST(BootLogForm, MayHaveNoEvents) {
  const BootLog log{.banks = {Algorithm::kSha256}};
  EXPECT_EQ(ParseBootLog(Encode(log)).value(), log);
}

// A log of fewer events is a log; what misses in it is for the rules and the replay to find.
TEST(BootLogForm, IsCutOffBetweenEventsOnly) {
  const BootLog log = HonestBootLog(false);
  const Bytes octets = Encode(log);
  std::size_t taken = 0;
  for (std::size_t size = 0; size < octets.size(); ++size) {
    if (ParseBootLog(ByteView(octets).first(size)).ok()) ++taken;
  }
  EXPECT_EQ(taken, log.events.size());
  Bytes longer = octets;
  longer.push_back(0);
  EXPECT_THAT(ParseBootLog(longer), HasReason(reason::kBootLogEvent));
}

TEST(BootLogForm, HasALimit) {
  EXPECT_THAT(ParseBootLog(Bytes(kMaxBootLogSize + 1)), HasReason(reason::kBootLogSize));
  EXPECT_THAT(ParseBootLog(Bytes(kMaxBootLogSize)), HasReason(reason::kBootLogHeader));
}

TEST(BootLogForm, HasALimitOfEvents) {
  BootLog log{.banks = {Algorithm::kSha256}};
  for (std::size_t i = 0; i < kMaxBootEvents; ++i) Measure(log, 8, EventType::kIpl, {});
  EXPECT_THAT(ParseBootLog(Encode(log)), IsOk());
  Measure(log, 8, EventType::kIpl, {});
  EXPECT_THAT(ParseBootLog(Encode(log)), HasReason(reason::kBootLogTooLong));
}

TEST(BootLogForm, BeginsWithASpecIdEvent) {
  EXPECT_THAT(ParseBootLog({}), HasReason(reason::kBootLogHeader));
  EXPECT_THAT(ParseBootLog(Changed(0, 1)), HasReason(reason::kBootLogHeader));  // PCR
  EXPECT_THAT(ParseBootLog(Changed(kType, 4)), HasReason(reason::kBootLogHeader));
  EXPECT_THAT(ParseBootLog(Changed(kDigest, 1)), HasReason(reason::kBootLogHeader));
  EXPECT_THAT(ParseBootLog(Changed(kDataSize + 3, 0xff)), HasReason(reason::kBootLogHeader));
  EXPECT_THAT(ParseBootLog(Changed(kSignature + 14, '2')), HasReason(reason::kBootLogHeader));
  EXPECT_THAT(ParseBootLog(Changed(kMajor, 1)), Says("version 1.0 is not 2.0"));
  EXPECT_THAT(ParseBootLog(Changed(kMinor, 1)), Says("version 2.1 is not 2.0"));
  EXPECT_THAT(ParseBootLog(Changed(kVendorSize, 1)), HasReason(reason::kBootLogHeader));
}

TEST(BootLogForm, TakesVendorsOwnWords) {
  Bytes octets = Changed(kVendorSize, 3);
  octets.insert(octets.begin() + kFirstEvent, {1, 2, 3});
  octets[kDataSize] = static_cast<std::uint8_t>(octets[kDataSize] + 3);
  EXPECT_EQ(ParseBootLog(octets).value(), HonestBootLog(true));
}

TEST(BootLogForm, HasNothingAfterVendorsOwnWords) {
  Bytes octets = Encode(HonestBootLog(true));
  octets.insert(octets.begin() + kFirstEvent, 0);
  ++octets[kDataSize];
  EXPECT_THAT(ParseBootLog(octets), HasReason(reason::kBootLogHeader));
}

TEST(BootLogForm, NamesBanksThatAreKnown) {
  EXPECT_THAT(ParseBootLog(Changed(kBankCount, 0)), HasReason(reason::kBootLogBanks));
  EXPECT_THAT(ParseBootLog(Changed(kBankCount, 17)), HasReason(reason::kBootLogBanks));
  EXPECT_THAT(ParseBootLog(Changed(kBankCount, 3)), HasReason(reason::kBootLogHeader));  // too short for three
  EXPECT_THAT(ParseBootLog(Changed(kFirstBank, 0x12)), Says("0x0012 with digests of 20 octets"));
  EXPECT_THAT(ParseBootLog(Changed(kFirstBank + 2, 32)), HasReason(reason::kBootLogBanks));
  Bytes empty = Changed(kFirstBank, 0x12);
  empty[kFirstBank + 2] = 0;
  EXPECT_THAT(ParseBootLog(empty), Says("0x0012 with digests of 0 octets"));
  Bytes twice = Changed(kSecondBank, 0x04);
  twice[kSecondBank + 2] = 20;
  EXPECT_THAT(ParseBootLog(twice), Says("sha1 is there twice"));
}

TEST(BootLogForm, HasOneDigestForEachBankInAnyOrder) {
  constexpr std::size_t kCount = kFirstEvent + 8;
  constexpr std::size_t kFirst = kFirstEvent + 12;
  constexpr std::size_t kSecond = kFirst + 2 + 20;
  EXPECT_THAT(ParseBootLog(Changed(kCount, 1)), HasReason(reason::kBootLogEvent));
  EXPECT_THAT(ParseBootLog(Changed(kCount, 3)), HasReason(reason::kBootLogEvent));
  EXPECT_THAT(ParseBootLog(Changed(kCount + 3, 0xff)), HasReason(reason::kBootLogEvent));
  EXPECT_THAT(ParseBootLog(Changed(kFirst, 0x0c)), HasReason(reason::kBootLogEvent));  // SHA-384
  Bytes twice = Changed(kSecond, 0x04);                                                // SHA-1, and of its size
  twice.erase(twice.begin() + kSecond + 2, twice.begin() + kSecond + 2 + 12);
  EXPECT_THAT(ParseBootLog(twice), Says("event 1 of the boot log has not one digest for each bank"));
  Bytes swapped = Encode(HonestBootLog(true));
  std::rotate(swapped.begin() + kFirst, swapped.begin() + kSecond, swapped.begin() + kSecond + 2 + 32);
  EXPECT_EQ(ParseBootLog(swapped).value(), HonestBootLog(true));
}

TEST(BootLogForm, HasPcrsOfATpm) {
  EXPECT_THAT(ParseBootLog(Changed(kFirstEvent, 23)), IsOk());
  EXPECT_THAT(ParseBootLog(Changed(kFirstEvent, 24)), Says("event 1 of the boot log is in PCR 24"));
  EXPECT_THAT(ParseBootLog(Changed(kFirstEvent + 3, 0x80)), HasReason(reason::kBootLogEvent));
}

TEST(BootLogForm, HasNoDataBeyondItsEnd) {
  constexpr std::size_t kSize = kFirstEvent + 12 + (2 + 20) + (2 + 32);
  EXPECT_THAT(ParseBootLog(Changed(kSize + 3, 0xff)), Says("event 1 of the boot log is cut off"));
}

}  // namespace
}  // namespace rootkeep::attestation
