#include "keystore/base/log.h"

#include <filesystem>
#include <stdexcept>

#include "keystore/base/file.h"
#include "keystore/base/guard.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::TempDir;

std::string Content(const std::string& path) { return ReadFile(path, 4096).value_or(""); }

class LogTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_THAT(log::Start(log::Level::kWarning, "/dev/stderr"), IsOk()); }

  const TempDir dir_;
  const std::string path_ = dir_ / "log";
};

TEST_F(LogTest, FollowsARotation) {
  ASSERT_THAT(log::Start(log::Level::kInfo, path_), IsOk());
  log::Info("first");
  std::filesystem::rename(path_, dir_ / "log.1");
  log::Info("second");
  EXPECT_THAT(Content(dir_ / "log.1"), HasSubstr("second"));
  ASSERT_THAT(log::Reopen(), IsOk());
  log::Info("third");
  EXPECT_THAT(Content(path_), HasSubstr("third"));
  EXPECT_THAT(Content(path_), Not(HasSubstr("second")));
}

TEST_F(LogTest, MakesNoDirectories) {
  const std::string elsewhere = dir_ / "no" + "/log";
  EXPECT_THAT(log::Start(log::Level::kInfo, elsewhere), HasCode(Code::kFailedPrecondition));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "no"));
}

TEST_F(LogTest, WhatCannotBeOpenedLeavesTheOldOne) {
  ASSERT_THAT(log::Start(log::Level::kInfo, path_), IsOk());
  EXPECT_THAT(log::Start(log::Level::kInfo, dir_.path()), HasCode(Code::kFailedPrecondition));
  log::Info("still here");
  EXPECT_THAT(Content(path_), HasSubstr("still here"));
}

TEST_F(LogTest, WhatIsThrownEndsInTheGuardAndInTheLog) {
  ASSERT_THAT(log::Start(log::Level::kWarning, path_), IsOk());
  bool went_on = false;
  EXPECT_FALSE(RunGuarded("threw", [] { throw std::runtime_error("a reason"); }));
  EXPECT_FALSE(RunGuarded("threw_a_number", [] { throw 1; }));
  EXPECT_TRUE(RunGuarded("went_on", [&] { went_on = true; }));
  EXPECT_TRUE(went_on);
  EXPECT_THAT(Content(path_), HasSubstr(R"("event":"threw","exception":"a reason")"));
  EXPECT_THAT(Content(path_), HasSubstr(R"("event":"threw_a_number","exception":"of no standard type")"));
  EXPECT_THAT(Content(path_), Not(HasSubstr("went_on")));
}

}  // namespace
}  // namespace rootkeep
