#include "attestation/verifier/boot_log_replay.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/boot_log_rules.h"
#include "attestation/verifier/secure_boot.h"
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

const std::filesystem::path kVectors = RK_TEST_VECTORS "/boot_log";

Bytes Contents(const std::string& name) {
  std::ifstream file(kVectors / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ToBytes(AsBytes(text));
}

// What the machine's TPM held.
std::vector<PcrValue> Held(const std::string& name) {
  std::ifstream file(kVectors / (name + ".pcrs"));
  std::vector<PcrValue> values;
  int index = 0;
  for (std::string digest; file >> index >> digest;) {
    values.push_back({static_cast<std::uint8_t>(index), FromHex(digest).value()});
  }
  EXPECT_FALSE(values.empty()) << name;
  return values;
}

struct Machine {
  const char* name;
  SecureBoot secure_boot;
  std::uint8_t locality = 0;
};

class RealBootLog : public ::testing::TestWithParam<Machine> {};

TEST_P(RealBootLog, GivesWhatTheTpmHeld) {
  const Bytes octets = Contents(GetParam().name + std::string(".bin"));
  const std::vector<PcrValue> held = Held(GetParam().name);
  ASSERT_OK_AND_ASSIGN(const BootLog log, VerifyBootLog(octets, Algorithm::kSha256, held));
  EXPECT_EQ(ReadSecureBoot(log).value(), GetParam().secure_boot);
  EXPECT_EQ(StartupLocality(log).value(), GetParam().locality);
  const auto values = ReplayBootLog(log, Algorithm::kSha256).value();
  for (const PcrValue& value : held) EXPECT_EQ(ToHex(values[value.index]), ToHex(value.digest)) << int{value.index};
}

TEST_P(RealBootLog, GivesNothingElse) {
  const Bytes octets = Contents(GetParam().name + std::string(".bin"));
  for (std::size_t i = 0; i < Held(GetParam().name).size(); ++i) {
    std::vector<PcrValue> other = Held(GetParam().name);
    other[i].digest.back() ^= 1;
    EXPECT_THAT(VerifyBootLog(octets, Algorithm::kSha256, other), HasReason(reason::kBootLogReplay));
  }
}

INSTANTIATE_TEST_SUITE_P(BootLog, RealBootLog,
                         ::testing::Values(Machine{"arch-linux-workstation", {}}, Machine{"glinux-alex", {}, 3},
                                           Machine{"gdc-host", {.dma_protection_disabled = true}, 3},
                                           Machine{"rhel8-uefi", {.on = true}},
                                           Machine{"ubuntu-2104-no-secure-boot", {}},
                                           Machine{"cos-85-amd-sev", {.on = true}},
                                           Machine{"eventlogwithsp800155", {.on = true}}));

TEST(BootLogOfTheOlderForm, IsRefused) {
  EXPECT_THAT(ParseBootLog(Contents("debian-10.bin")), HasReason(reason::kBootLogHeader));
}

std::vector<PcrValue> Quoted(const BootLog& log, Algorithm bank = Algorithm::kSha256) {
  const auto values = ReplayBootLog(log, bank).value();
  std::vector<PcrValue> quoted;
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) quoted.push_back({pcr, values[pcr]});
  return quoted;
}

// H(H(0^n || d1) || d2), PCR 4 of an honest log, by hand.
TEST(BootLogReplay, ExtendsEachPcrFromZero) {
  const BootLog log = HonestBootLog(true);
  for (const Algorithm bank : log.banks) {
    Bytes value(HashSize(bank));
    for (const std::string_view measured : {std::string_view("\0\0\0\0", 4), std::string_view("shim")}) {
      const Bytes digest = TpmHash(bank, AsBytes(measured)).value();
      value.insert(value.end(), digest.begin(), digest.end());
      value = TpmHash(bank, value).value();
    }
    EXPECT_EQ(ToHex(ReplayBootLog(log, bank).value()[4]), ToHex(value)) << AlgorithmName(bank);
    EXPECT_EQ(ReplayBootLog(log, bank).value()[10], Bytes(HashSize(bank)));
  }
}

TEST(BootLogReplay, PassesOverEventsThatExtendNothing) {
  const BootLog log = HonestBootLog(true);
  BootLog more = log;
  Measure(more, 4, EventType::kNoAction, AsBytes("a remark"));
  EXPECT_EQ(ReplayBootLog(more, Algorithm::kSha256).value(), ReplayBootLog(log, Algorithm::kSha256).value());
}

TEST(BootLogReplay, NeedsTheBank) {
  EXPECT_THAT(ReplayBootLog(HonestBootLog(true), Algorithm::kSha384), HasReason(reason::kBootLogBank));
  EXPECT_THAT(CheckReplay(HonestBootLog(true), Algorithm::kSha384, {{7, Bytes(48)}}), HasReason(reason::kBootLogBank));
}

TEST(BootLogReplay, AcceptsTheLogOfWhatWasQuoted) {
  const BootLog log = HonestBootLog(false);
  EXPECT_THAT(VerifyBootLog(Encode(log), Algorithm::kSha256, Quoted(log)), IsOk());
  EXPECT_THAT(VerifyBootLog(Encode(log), Algorithm::kSha1, Quoted(log, Algorithm::kSha1)), IsOk());
}

// Whoever can extend PCRs can make any digests true, but not every event.
TEST(BootLogReplay, DoesNotMakeUpForBrokenRules) {
  BootLog log = HonestBootLog(false);
  Measure(log, 7, EventType::kIpl, AsBytes("secure boot is on"));
  EXPECT_THAT(CheckReplay(log, Algorithm::kSha256, Quoted(log)), IsOk());
  EXPECT_THAT(VerifyBootLog(Encode(log), Algorithm::kSha256, Quoted(log)), HasReason(reason::kBootLogType));
}

// An attacker's log says that secure boot was on.
TEST(BootLogReplay, RefusesTheLogOfSomethingElse) {
  const std::vector<PcrValue> quoted = Quoted(HonestBootLog(false));
  const Result<BootLog> refused = VerifyBootLog(Encode(HonestBootLog(true)), Algorithm::kSha256, quoted);
  EXPECT_THAT(refused, HasReason(reason::kBootLogReplay));
  EXPECT_THAT(refused, Says("gives PCR 7 the value"));
  EXPECT_THAT(refused, Says("no part of the log gives that"));
}

TEST(BootLogReplay, SaysWhenMoreIsInTheLogThanWasQuoted) {
  BootLog log = HonestBootLog(true);
  const std::vector<PcrValue> quoted = Quoted(log);
  Measure(log, 9, EventType::kIpl, AsBytes("/initrd"));
  EXPECT_THAT(CheckReplay(log, Algorithm::kSha256, quoted), Says("it had that after 1 of 2 events"));
}

TEST(BootLogReplay, RefusesAShortenedLog) {
  BootLog log = HonestBootLog(true);
  const std::vector<PcrValue> quoted = Quoted(log);
  log.events.pop_back();  // PCR 5
  EXPECT_THAT(CheckReplay(log, Algorithm::kSha256, quoted), Says("gives PCR 5"));
}

TEST(BootLogReplay, DependsOnTheOrder) {
  BootLog log = HonestBootLog(true);
  const std::vector<PcrValue> quoted = Quoted(log);
  std::swap(log.events[0], log.events[1]);
  EXPECT_THAT(CheckReplay(log, Algorithm::kSha256, quoted), Says("gives PCR 0"));
}

// The operating system goes on with the others: measured boot phases, IMA.
TEST(BootLogReplay, LeavesPcrsAloneThatGoOnAfterTheLog) {
  const BootLog log = HonestBootLog(true);
  for (std::uint8_t pcr = 0; pcr < 24; ++pcr) {
    const bool firmware = pcr <= 9 || pcr == 14;
    const Status judged = CheckReplay(log, Algorithm::kSha256, {{pcr, Bytes(32, 0x42)}});
    EXPECT_EQ(judged.ok(), !firmware) << int{pcr};
  }
}

}  // namespace
}  // namespace rootkeep::attestation
