#include "signer/ops/readiness.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

TEST(Readiness, IsReadyOnlyWhenEveryComponentIs) {
  Readiness readiness;
  EXPECT_FALSE(readiness.ready()) << "nothing reported is not ready";
  readiness.Report("ledger", "");
  EXPECT_TRUE(readiness.ready());
  readiness.Report("token", "absent");
  EXPECT_FALSE(readiness.ready());
  readiness.Report("token", "");
  EXPECT_TRUE(readiness.ready());
}

TEST(Readiness, AWarningIsShownAndChangesNothing) {
  Readiness readiness;
  readiness.Warn("key", "not in the token");
  EXPECT_FALSE(readiness.ready()) << "nothing that could be ready has reported";
  readiness.Report("ledger", "");
  EXPECT_TRUE(readiness.ready());
  const auto all = readiness.All();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[1].warning);
  EXPECT_EQ(all[1].reason, "not in the token");
  readiness.Remove("key");
  EXPECT_EQ(readiness.All().size(), 1U);
}

TEST(Readiness, TellsChangesOnce) {
  Readiness readiness;
  std::vector<bool> changes;
  readiness.SetOnChange([&changes](bool ready) { changes.push_back(ready); });
  readiness.Report("token", "absent");
  readiness.Report("token", "absent");
  readiness.Report("token", "still absent, for another reason");
  readiness.Report("token", "");
  readiness.Report("token", "");
  EXPECT_EQ(changes, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace rootkeep
