#include "tools/config/nearest.h"

#include <gtest/gtest.h>

namespace rootkeep::config {
namespace {

TEST(NearestTest, SmallSlipsOnly) {
  const std::vector<std::string> words = {"listeners", "limits", "log", "production"};
  EXPECT_EQ(Nearest("listner", words), "listeners");
  EXPECT_EQ(Nearest("limit", words), "limits");
  EXPECT_EQ(Nearest("lg", words), "log");
  EXPECT_EQ(Nearest("prodcution", words), "production");
  EXPECT_EQ(Nearest("foo", words), std::nullopt);
  EXPECT_EQ(Nearest("", words), std::nullopt);
  EXPECT_EQ(Nearest(std::string(65, 'l'), words), std::nullopt);
}

}  // namespace
}  // namespace rootkeep::config
