#include "keystore/base/file.h"

#include <sys/stat.h>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::IsOk;

TEST(File, WritesAtomicallyWithTheModeAsked) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "f", "one", 0600), IsOk());
  ASSERT_THAT(WriteFileAtomically(dir / "f", "two", 0644), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(dir / "f", 3));
  EXPECT_EQ(content, "two");
  struct stat info{};
  ASSERT_EQ(stat((dir / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0644U);
}

TEST(File, RefusesWhatIsLargerThanTheLimit) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "f", "four", 0600), IsOk());
  EXPECT_THAT(ReadFile(dir / "f", 3), HasCode(Code::kResourceExhausted));
  EXPECT_THAT(ReadFile(dir / "missing", 3), HasCode(Code::kNotFound));
}

TEST(SecretFile, RefusesWhatOthersCanRead) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "pin", "1234\n", 0640), IsOk());
  EXPECT_THAT(ReadSecretFile(dir / "pin"), HasCode(Code::kFailedPrecondition));
  ASSERT_EQ(chmod((dir / "pin").c_str(), 0600), 0);
  ASSERT_OK_AND_ASSIGN(const SecretBytes pin, ReadSecretFile(dir / "pin"));
  EXPECT_EQ(AsText(pin.RevealForUse()), "1234");
  EXPECT_THAT(ReadSecretFile(dir.path()), HasCode(Code::kFailedPrecondition)) << "a directory is no secret";
}

}  // namespace
}  // namespace rootkeep
