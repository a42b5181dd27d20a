// A TPM is told what a boot log says, and what it then holds is what the log is believed for.
#include <gtest/gtest.h>

#include "attestation/verifier/boot_log_explain.h"
#include "attestation/verifier/boot_log_reasons.h"
#include "attestation/verifier/boot_log_replay.h"
#include "tests/support/boot_log.h"
#include "tests/support/esys.h"
#include "tests/support/matchers.h"
#include "tests/support/measured_boot.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::attestation {
namespace {

using testing::Encode;
using testing::Esys;
using testing::ExtendAsLogged;
using testing::HasReason;
using testing::HonestBootLog;
using testing::IsOk;
using testing::SwTpm;

std::vector<PcrValue> Held(const Esys& esys) {
  std::vector<PcrValue> values;
  for (std::uint8_t pcr = 0; pcr < kStaticPcrCount; ++pcr) {
    values.push_back({pcr, testing::ReadPcrs(esys, {.numbers = {pcr}}).value().front()});
  }
  return values;
}

TEST(BootLogOfATpm, IsBelievedForWhatTheTpmHolds) {
  const SwTpm tpm;
  const Esys esys(tpm);
  ASSERT_THAT(ExtendAsLogged(esys, HonestBootLog(true)), IsOk());
  const std::vector<PcrValue> held = Held(esys);
  const auto replayed = ReplayBootLog(HonestBootLog(true), Algorithm::kSha256).value();
  for (const PcrValue& value : held) EXPECT_EQ(ToHex(replayed[value.index]), ToHex(value.digest)) << int{value.index};
  EXPECT_THAT(VerifyBootLog(Encode(HonestBootLog(true)), Algorithm::kSha256, held), IsOk());
}

TEST(BootLogOfATpm, TellsAfterARestartThatSecureBootIsOff) {
  SwTpm tpm;
  std::optional<BootLog> then;
  {
    const Esys esys(tpm);
    ASSERT_THAT(ExtendAsLogged(esys, HonestBootLog(true)), IsOk());
    ASSERT_OK_AND_ASSIGN(then, VerifyBootLog(Encode(HonestBootLog(true)), Algorithm::kSha256, Held(esys)));
  }
  tpm.Reboot();
  const Esys esys(tpm);
  ASSERT_THAT(ExtendAsLogged(esys, HonestBootLog(false)), IsOk());
  EXPECT_THAT(VerifyBootLog(Encode(HonestBootLog(true)), Algorithm::kSha256, Held(esys)),
              HasReason(reason::kBootLogReplay));
  ASSERT_OK_AND_ASSIGN(const BootLog now, VerifyBootLog(Encode(HonestBootLog(false)), Algorithm::kSha256, Held(esys)));
  EXPECT_EQ(ExplainChange(*then, now, Algorithm::kSha256, 7).front(), "PCR 7 differs: secure boot was on, now off");
}

}  // namespace
}  // namespace rootkeep::attestation
