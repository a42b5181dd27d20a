#include "keystore/pkcs11/pin_record_file.h"

#include "tests/support/matchers.h"

namespace rootkeep::pkcs11 {
namespace {

TEST(PinRecordName, DependsOnTheLabelWhenTheSerialNamesNothing) {
  const DeviceInfo one{.label = "one", .serial = "0000000000000000", .manufacturer = "IBM", .model = "SW   TPM"};
  DeviceInfo other = one;
  other.label = "other";
  ASSERT_THAT(PinRecordName(one), rootkeep::testing::IsOk());
  EXPECT_NE(*PinRecordName(one), *PinRecordName(other));
  DeviceInfo numbered = one;
  numbered.serial = "0000000000000001";
  DeviceInfo renamed = numbered;
  renamed.label = "other";
  EXPECT_EQ(*PinRecordName(numbered), *PinRecordName(renamed));
}

}  // namespace
}  // namespace rootkeep::pkcs11
