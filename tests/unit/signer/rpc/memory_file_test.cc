#include "signer/rpc/memory_file.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

TEST(MemoryFile, IsReadByPathAndReplacedWhole) {
  ASSERT_OK_AND_ASSIGN(MemoryFile file, MemoryFile::Make("test", "a long first content"));
  const std::string path = file.path();
  ASSERT_OK_AND_ASSIGN(std::string content, ReadFile(path, 100));
  EXPECT_EQ(content, "a long first content");
  ASSERT_THAT(file.Replace("short"), testing::IsOk());
  EXPECT_EQ(file.path(), path);
  ASSERT_OK_AND_ASSIGN(content, ReadFile(path, 100));
  EXPECT_EQ(content, "short");
}

}  // namespace
}  // namespace rootkeep
