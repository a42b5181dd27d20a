#include "attestation/attester/boot_log_file.h"

#include "attestation/wire/messages.h"
#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using attestation::ReadBootLogFile;

TEST(BootLogFileTest, IsReadWhole) {
  const TempDir directory;
  const Bytes log{0x00, 0x01, 'x', 0x00, 0xff};
  ASSERT_THAT(WriteFileAtomically(directory / "log", AsText(log), 0600), IsOk());
  EXPECT_EQ(ReadBootLogFile(directory / "log"), log);
}

TEST(BootLogFileTest, AMachineWithoutOneHasAnEmptyOne) {
  const TempDir directory;
  EXPECT_EQ(ReadBootLogFile(directory / "none"), Bytes());
}

TEST(BootLogFileTest, OneThatIsTooLargeOrCannotBeReadIsAnError) {
  const TempDir directory;
  ASSERT_THAT(WriteFileAtomically(directory / "log", std::string(attestation::kMaxBootLogSize + 1, 'x'), 0600), IsOk());
  EXPECT_THAT(ReadBootLogFile(directory / "log"), HasCode(Code::kResourceExhausted));
  EXPECT_FALSE(ReadBootLogFile(directory.path()).ok());
}

}  // namespace
}  // namespace rootkeep::testing
