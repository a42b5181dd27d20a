#include "signer/authority/authority_files.h"

#include <filesystem>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

const AuthorityFiles kFiles{.chain_pem = "chain\n", .bundle_pem = "bundle\n", .key_uri = "pkcs11:token=t;object=o"};

TEST(AuthorityFiles, ReadsBackTheNewestWholeGeneration) {
  const testing::TempDir state;
  EXPECT_THAT(NewestGeneration(state.path(), "mesh"), HasReason("not_installed"));
  ASSERT_THAT(WriteAuthorityFiles(state.path(), "mesh", 2, kFiles), IsOk());
  ASSERT_THAT(WriteAuthorityFiles(state.path(), "mesh", 10, kFiles), IsOk());
  std::filesystem::create_directory(state / "authorities/mesh/11");
  std::filesystem::create_directory(state / "authorities/mesh/12.new");
  ASSERT_OK_AND_ASSIGN(const std::uint32_t newest, NewestGeneration(state.path(), "mesh"));
  EXPECT_EQ(newest, 10U);
  ASSERT_OK_AND_ASSIGN(const AuthorityFiles files, ReadAuthorityFiles(state.path(), "mesh", newest));
  EXPECT_EQ(files.chain_pem, kFiles.chain_pem);
  EXPECT_EQ(files.bundle_pem, kFiles.bundle_pem);
  EXPECT_EQ(files.key_uri, kFiles.key_uri);
}

TEST(AuthorityFiles, NeverOverwritesAGeneration) {
  const testing::TempDir state;
  ASSERT_THAT(WriteAuthorityFiles(state.path(), "mesh", 1, kFiles), IsOk());
  EXPECT_THAT(WriteAuthorityFiles(state.path(), "mesh", 1, kFiles), HasCode(Code::kAlreadyExists));
  EXPECT_THAT(ReadAuthorityFiles(state.path(), "mesh", 2), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep
