#include "keystore/base/file.h"

#include <sys/stat.h>
#include <unistd.h>

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

TEST(File, MakesANewFileWholeOrNotAtAll) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteNewFile(dir / "f", "one", 0640), IsOk());
  EXPECT_THAT(WriteNewFile(dir / "f", "two", 0600), HasCode(Code::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(dir / "f", 3));
  EXPECT_EQ(content, "one");
  struct stat info{};
  ASSERT_EQ(stat((dir / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
  EXPECT_THAT(WriteNewFile(dir / "missing/f", "one", 0600), HasCode(Code::kNotFound));
  const std::filesystem::directory_iterator entries(dir.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "something was left behind";
}

TEST(File, RefusesWhatIsLargerThanTheLimit) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "f", "four", 0600), IsOk());
  EXPECT_THAT(ReadFile(dir / "f", 3), HasCode(Code::kResourceExhausted));
  EXPECT_THAT(ReadFile(dir / "missing", 3), HasCode(Code::kNotFound));
}

TEST(File, AMadeDirectoryHasItsModeWhateverTheUmask) {
  const testing::TempDir directory;
  const mode_t before = umask(0077);
  const Status made = MakeDirectory(directory / "made", 0755);
  umask(before);
  EXPECT_THAT(made, IsOk());
  struct stat info{};
  ASSERT_EQ(stat((directory / "made").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U);
  // One that is there is its owner's.
  EXPECT_THAT(MakeDirectory(directory / "made", 0700), IsOk());
  ASSERT_EQ(stat((directory / "made").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U);
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

TEST(GuardedFile, RefusesWhatOthersCanWrite) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "f", "text\n", 0644), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string content, ReadGuardedFile(dir / "f", 16));
  EXPECT_EQ(content, "text\n");
  EXPECT_THAT(ReadGuardedFile(dir / "f", 4), HasCode(Code::kResourceExhausted));
  for (const mode_t mode : {mode_t{0620}, mode_t{0602}, mode_t{0666}}) {
    ASSERT_EQ(chmod((dir / "f").c_str(), mode), 0);
    EXPECT_THAT(ReadGuardedFile(dir / "f", 16), HasCode(Code::kFailedPrecondition)) << mode;
  }
  EXPECT_THAT(ReadGuardedFile(dir.path(), 16), HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(ReadGuardedFile(dir / "missing", 16), HasCode(Code::kNotFound));
}

TEST(GuardedFile, RefusesWhatAnotherUserOwns) {
  const testing::TempDir dir;
  ASSERT_THAT(WriteFileAtomically(dir / "f", "text", 0644), IsOk());
  const uid_t stranger = 65534;
  // Only root can give a file away; for everybody else a file of root's shows that the rule is not "mine alone".
  if (geteuid() == 0) {
    ASSERT_EQ(chown((dir / "f").c_str(), stranger, stranger), 0);
    EXPECT_THAT(ReadGuardedFile(dir / "f", 16), HasCode(Code::kFailedPrecondition));
    EXPECT_THAT(ReadSecretFile(dir / "f"), HasCode(Code::kFailedPrecondition));
  } else {
    EXPECT_THAT(ReadGuardedFile("/etc/passwd", 1 << 20), IsOk());
  }
}

}  // namespace
}  // namespace rootkeep
