#include "tools/rootkeep/output.h"

#include "tests/support/matchers.h"

namespace rootkeep::cli {
namespace {

TEST(OutputTest, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(FormatTable({"KEY", "TYPE"}, {{"a", "ec-p256"}, {"longer", "x"}}),
            "KEY     TYPE\n"
            "a       ec-p256\n"
            "longer  x\n");
}

TEST(OutputTest, NoBlanksAtTheEndOfALine) { EXPECT_EQ(FormatTable({"A", "B"}, {{"x", ""}}), "A  B\nx\n"); }

TEST(OutputTest, ErrorsHaveTheirHintOnALineOfItsOwn) {
  ::testing::internal::CaptureStderr();
  PrintError(NotFound("no key \"a\"").WithNative({"CKR", 5, "CKR_GENERAL_ERROR"}).WithHint("create it"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "rootkeep: no key \"a\" (CKR_GENERAL_ERROR 0x5)\nhint: create it\n");
}

}  // namespace
}  // namespace rootkeep::cli
