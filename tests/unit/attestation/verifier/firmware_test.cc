#include "attestation/verifier/firmware.h"

#include "attestation/verifier/reasons.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::IsOk;

const std::vector<FirmwareMinimum> kMinimums{{.manufacturer = "id:49465800", .version = 0x0007003f00110b02},
                                             {.manufacturer = "id:4e544300", .version = 2}};

TEST(Firmware, IsNewEnough) {
  EXPECT_THAT(CheckFirmware(kMinimums, "id:49465800", 0x0007003f00110b02), IsOk());
  EXPECT_THAT(CheckFirmware(kMinimums, "id:4E544300", 3), IsOk());  // lists are in either case
}

TEST(Firmware, IsNotTooOld) {
  EXPECT_THAT(CheckFirmware(kMinimums, "id:49465800", 0x0007003f00110b01), HasReason(reason::kFirmwareOld));
}

TEST(Firmware, IsOfAManufacturerThatPolicyKnows) {
  EXPECT_THAT(CheckFirmware(kMinimums, "id:53544D20", ~0ULL), HasReason(reason::kFirmwareUnlisted));
  // Nothing but a certificate says who made the TPM.
  EXPECT_THAT(CheckFirmware(kMinimums, "", ~0ULL), HasReason(reason::kFirmwareUnlisted));
  EXPECT_THAT(CheckFirmware({{.manufacturer = "", .version = 0}}, "", ~0ULL), HasReason(reason::kFirmwareUnlisted));
}

TEST(Firmware, IsAnyWithoutPolicy) { EXPECT_THAT(CheckFirmware({}, "", 0), IsOk()); }

}  // namespace
}  // namespace rootkeep::attestation
